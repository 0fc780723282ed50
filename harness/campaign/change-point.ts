import { logEvidence, type Counts } from './rate.js'

/** One change of the rate, or none, in a row of nights. */
export interface ChangePoint {
  /** Of there having been one. */
  readonly probability: number
  /** The first night of the new rate that fits best. */
  readonly at: number
  readonly before: Counts
  readonly after: Counts
}

/** How likely a change is thought to be between one night and the next, before anything is seen. */
const hazard = 0.01

/**
 * Bayesian change-point on beta-binomial counts: each rate has Jeffreys' prior, rates before and after are independent, and the
 * night of the change is summed over. Nights may differ in their numbers of runs.
 *
 * @returns null if there are fewer than two nights.
 */
export function findChange(nights: readonly Counts[]): ChangePoint | null {
  const all = nights.reduce(add, nothing)
  const unchanged = logEvidence(all)
  let before = nothing
  let sum = 0
  let best: Omit<ChangePoint, 'probability'> | null = null
  let bestGain = -Infinity
  for (const [index, night] of nights.entries()) {
    if (before.trials > 0 && before.trials < all.trials) {
      const after = { hits: all.hits - before.hits, trials: all.trials - before.trials }
      const gain = logEvidence(before) + logEvidence(after) - unchanged
      sum += Math.exp(gain)
      if (gain > bestGain) {
        bestGain = gain
        best = { at: index, before, after }
      }
    }
    before = add(before, night)
  }
  const odds = (sum * hazard) / (1 - hazard)
  return best && { ...best, probability: Number.isFinite(odds) ? odds / (1 + odds) : 1 }
}

export const nothing: Counts = { hits: 0, trials: 0 }

export function add(one: Counts, other: Counts): Counts {
  return { hits: one.hits + other.hits, trials: one.trials + other.trials }
}
