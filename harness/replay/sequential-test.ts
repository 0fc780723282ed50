import type { Counts } from '../campaign/rate.js'

/** Two rates to tell apart, and how often the answer may be wrong. */
export interface TestPlan {
  /** Strictly between 0 and 1. */
  readonly wanted: number
  /** At wanted / ratio and below, a rate is too low; between the two either answer is right. Above 1. */
  readonly ratio: number
  /** The probability that a rate of `wanted` or more is called too low, at the most. */
  readonly falseAlarm: number
  /** The probability that a rate of wanted / ratio or less is called high enough, at the most. */
  readonly falseAccept: number
}

export type Answer = 'high enough' | 'too low' | 'undecided'

/**
 * Wald's sequential probability ratio test (Ann. Math. Stat. 16, 1945). The bounds of the likelihood ratio are 1 / falseAlarm and
 * falseAccept: by Ville's inequality neither is ever passed with a greater probability under the hypothesis that it rejects,
 * however long the test goes on; Wald's own bounds hold for the sum of both errors only. The ratio is monotone in the rate, so
 * that the errors at the two rates are the greatest.
 */
export function decide({ hits, trials }: Counts, plan: TestPlan): Answer {
  const low = plan.wanted / plan.ratio
  const perHit = Math.log(plan.ratio)
  const perMiss = Math.log((1 - plan.wanted) / (1 - low))
  const forWanted = hits * perHit + (trials - hits) * perMiss
  if (forWanted >= -Math.log(plan.falseAccept)) return 'high enough'
  return forWanted <= Math.log(plan.falseAlarm) ? 'too low' : 'undecided'
}
