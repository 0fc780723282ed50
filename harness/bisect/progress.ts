import type { LogEntry, RevertEntry, RunEntry, SkipEntry, StartEntry } from './log-entry.js'
import { UsualExposure } from './exposure.js'
import { buildableAt, type Range } from './range.js'
import { createSearch, type Costs, type Search } from './search.js'

/** Used until one was measured: seconds of TCG guests and of builds through a cold ccache. */
const guesses = { run: 15, module: 5, kernel: 480 }

/** All that is known by now. A log's entries, told again, give the same. */
export class Progress {
  readonly search: Search
  readonly usual = new UsualExposure()
  readonly runs: RunEntry[] = []
  readonly skips: SkipEntry[] = []
  revert: RevertEntry | undefined
  /** Of builds and runs together. */
  seconds = 0
  readonly #range: Range
  readonly #built = { evidence: new Set<string>(), base: new Set<string>() }
  readonly #builds = { module: [] as number[], kernel: [] as number[] }

  constructor({ range, source, rate }: Pick<StartEntry, 'range' | 'source' | 'rate'>, confidence: number) {
    this.#range = range
    // What a series is for is there already.
    if (source.kind === 'series') this.#built.base.add(range.good.base)
    this.search = createSearch(range, { confidence, rate })
  }

  add(entry: LogEntry): void {
    if (entry.kind === 'start') return
    if (entry.kind === 'revert') this.revert = entry
    else {
      this.seconds += entry.seconds
      if (entry.kind === 'build') this.#addBuild(entry.candidate, entry.seconds)
      else if (entry.kind === 'run') this.#addRun(entry)
      else {
        this.skips.push(entry)
        this.search.observe({ candidate: entry.candidate, outcome: 'unbuildable' })
      }
    }
  }

  isBuilt(candidate: number): boolean {
    return this.#built.evidence.has(buildableAt(this.#range, candidate).evidence)
  }

  /** How long it took to build what has no kernel yet, and what has one; undefined if that was not done. */
  buildSeconds(): { readonly kernel: number | undefined; readonly module: number | undefined } {
    return { kernel: mean(this.#builds.kernel), module: mean(this.#builds.module) }
  }

  /** @param building What is being built; that, and what waits for its kernel, cannot be run for now. */
  costs(building: readonly number[] = []): Costs {
    const { kernel = guesses.kernel, module = guesses.module } = this.buildSeconds()
    return {
      runSeconds: mean(this.runs.map(({ seconds }) => seconds)) ?? guesses.run,
      buildSeconds: (candidate) => {
        if (this.isBuilt(candidate)) return 0
        const { evidence, base } = buildableAt(this.#range, candidate)
        const isKernelThere = this.#built.base.has(base)
        const waits = building.some((other) => {
          const under = buildableAt(this.#range, other)
          return under.evidence === evidence || (!isKernelThere && under.base === base)
        })
        if (waits) return Infinity
        return isKernelThere ? module : kernel
      },
    }
  }

  #addBuild(candidate: number, seconds: number): void {
    const { evidence, base } = buildableAt(this.#range, candidate)
    this.#builds[this.#built.base.has(base) ? 'module' : 'kernel'].push(seconds)
    this.#built.evidence.add(evidence)
    this.#built.base.add(base)
  }

  #addRun(run: RunEntry): void {
    this.runs.push(run)
    if (run.isReverted) return
    const { candidate, outcome } = run
    this.search.observe({ candidate, outcome })
    if (outcome !== 'nothing') this.usual.add(run, candidate === this.#range.candidates.length - 1)
  }
}

/** Nothing real is faster; a cost of 0 would make everything else infinitely dear. */
const leastSeconds = 0.1

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  return Math.max(leastSeconds, values.reduce((sum, value) => sum + value, 0) / values.length)
}
