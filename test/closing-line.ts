import type { Reporter, TestModule } from 'vitest/node'

/** Prints the line by which CI counts, as the last one: "N passed, N failed, N skipped". */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    )
    const count = (wanted: string): number => states.filter((state) => state === wanted).length
    // A file that could not even be loaded has no tests, yet it has failed.
    const broken = modules.filter(
      (module) => module.state() === 'failed' && module.children.size === 0,
    ).length
    const failed = count('failed') + count('pending') + broken + errors.length
    process.once('exit', () => {
      console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`)
    })
  }
}
