import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'

const report =
  /watchdog: BUG: soft lockup|rcu: INFO: \w+ (?:self-detected stall on CPU|detected stalls on CPUs)/
/** One may be a host that was too busy to run the guest. The kernel reports about every 25 s. */
const convincing = 3

/** What a console says of CPUs that are stuck. */
export class Lockups {
  /** Resolves with a line of it when the kernel has said so often enough. */
  readonly convinced: Promise<string>
  #last: { readonly line: string; readonly time: number } | undefined

  constructor(onConsole: (listener: (chunk: Uint8Array) => void) => void) {
    const text = new PassThrough()
    onConsole((chunk) => void text.write(chunk))
    this.convinced = new Promise((resolve) => {
      let reports = 0
      createInterface({ input: text, crlfDelay: Infinity }).on('line', (line) => {
        if (!report.test(line)) return
        this.#last = { line: line.trim(), time: performance.now() }
        if (++reports === convincing) resolve(this.#last.line)
      })
    })
  }

  /** The last line that said so, unless that is longer ago. */
  within(ms: number): string | undefined {
    return this.#last !== undefined && performance.now() - this.#last.time <= ms ? this.#last.line : undefined
  }
}
