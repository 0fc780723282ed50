import type { RunReading } from './read-run.js'

type Exposed = Pick<RunReading, 'exposure' | 'loadSeconds'>

/** A run that was exposed to less than this share of what is usual says nothing by finding nothing. */
const leastShare = 0.25
/** Fewer per run than these are told apart by luck alone. */
const leastCount = 20
/** Of load: rates of shorter ones are no rates. */
const leastSeconds = 1
/** So many runs must be known before any is compared with them. */
const leastRuns = 3

/**
 * What is usual: medians over the runs at the bad end, or over all runs while there are too few of those. The load is the
 * same everywhere, so that a rate far below says that the machine was busy with something else.
 */
export class UsualExposure {
  readonly #atBadEnd: Exposed[] = []
  readonly #all: Exposed[] = []

  add(run: Exposed, isAtBadEnd: boolean): void {
    if (run.loadSeconds < leastSeconds) return
    this.#all.push(run)
    if (isAtBadEnd) this.#atBadEnd.push(run)
  }

  /** What a run was exposed to far less than usual: "close*acquire 12/s instead of 310/s"; undefined if to nothing. */
  shortfall({ exposure, loadSeconds }: Exposed): string | undefined {
    const runs = this.#atBadEnd.length >= leastRuns ? this.#atBadEnd : this.#all
    if (runs.length < leastRuns) return undefined
    for (const name of new Set(runs.flatMap((run) => Object.keys(run.exposure)))) {
      const usual = median(runs.map((run) => run.exposure[name] ?? 0))
      const here = exposure[name] ?? 0
      if (usual * loadSeconds >= leastCount && here < leastShare * usual)
        return `${name} ${here.toFixed(0)}/s instead of ${usual.toFixed(0)}/s`
    }
    return undefined
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [below = 0, above = 0] =
    sorted.length % 2 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1)
  return (below + above) / 2
}
