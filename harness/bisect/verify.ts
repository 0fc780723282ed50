import type { SearchDriver } from './drive-search.js'
import type { Progress } from './progress.js'
import type { Reverted } from './revert.js'

/** What became of the bad end without the culprit. */
export interface Verification {
  readonly outcome: 'holds' | 'refuted' | 'undecided' | 'not reverted'
  readonly hits: number
  readonly misses: number
  /** Misses after which it holds. */
  readonly needed: number
  /** For `--patch` on the bad end; null if there is none. */
  readonly patch: string | null
  /** Why it was not reverted, or is undecided. */
  readonly reason: string | null
}

/**
 * Runs without a hit until a failure at the lowest rate that the search leaves likely would have shown itself with the
 * confidence asked for.
 */
export function runsToVerify({ search }: Progress, confidence: number): number {
  return Math.max(1, Math.ceil(Math.log(1 - confidence) / Math.log(1 - Math.min(0.999, search.rate().low))))
}

/**
 * Reverts the culprit at the bad end and runs that.
 *
 * @param revert Asked once; on resuming, what it said is in the log.
 * @param build Why there is nothing to run; undefined if there is.
 */
export async function verifyCulprit(
  driver: SearchDriver,
  culprit: number,
  confidence: number,
  revert: () => Promise<Reverted>,
): Promise<Verification> {
  const { progress } = driver
  if (progress.revert?.candidate !== culprit) {
    const { patch = null, reason = null } = await revert()
    await driver.record({ kind: 'revert', candidate: culprit, patch, reason })
  }
  const needed = runsToVerify(progress, confidence)
  if (progress.revert?.patch == null) return verificationOf(progress, culprit, needed)
  const which = { candidate: culprit, isReverted: true }
  const isBuildable = await driver.repeat(which, (out) => {
    const { misses } = verificationOf(progress, culprit, needed)
    return misses + out < needed && !isDecided(progress, culprit, needed)
  })
  if (!isBuildable) {
    const reason = 'the bad end cannot be built without it'
    await driver.record({ kind: 'revert', candidate: culprit, patch: null, reason })
  }
  return verificationOf(progress, culprit, needed)
}

function isDecided(progress: Progress, culprit: number, needed: number): boolean {
  const { outcome, reason } = verificationOf(progress, culprit, needed)
  return outcome !== 'undecided' || reason === fruitless
}

const fruitless = 'its runs say nothing'
const nothingLimit = 5

/** By the runs that were made until now. */
export function verificationOf(progress: Progress, culprit: number, needed: number): Verification {
  const count = (wanted: string): number =>
    progress.runs.filter((run) => run.isReverted && run.candidate === culprit && run.outcome === wanted)
      .length
  const [hits, misses, nothing] = [count('hit'), count('miss'), count('nothing')]
  const { patch = null, reason = null } = progress.revert ?? {}
  const known = { hits, misses, needed, patch }
  if (patch === null) return { ...known, outcome: 'not reverted', reason }
  if (hits > 0) return { ...known, outcome: 'refuted', reason: null }
  if (misses >= needed) return { ...known, outcome: 'holds', reason: null }
  const why = misses === 0 && nothing >= nothingLimit ? fruitless : 'there were too few runs'
  return { ...known, outcome: 'undecided', reason: why }
}
