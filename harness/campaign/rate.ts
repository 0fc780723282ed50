import jstat from 'jstat'

const { betaln, ibetainv } = jstat.jStat

/** How often something happened, in so many runs that could have shown it. */
export interface Counts {
  readonly hits: number
  readonly trials: number
}

/** Two-sided, at 95 %. */
export interface Rate extends Counts {
  /** hits / trials; null without trials. */
  readonly rate: number | null
  readonly low: number
  readonly high: number
}

/**
 * With the exact interval of Clopper and Pearson (1934): whatever the true rate, at most 5 % of such intervals miss it. Narrower
 * ones (Wilson, Jeffreys) miss rates near 0 more often than they say, and near 0 is where ours are.
 */
export function rateOf({ hits, trials }: Counts): Rate {
  const misses = trials - hits
  return {
    hits,
    trials,
    rate: trials > 0 ? hits / trials : null,
    low: hits > 0 ? ibetainv(0.025, hits, misses + 1) : 0,
    high: misses > 0 ? ibetainv(0.975, hits + 1, misses) : 1,
  }
}

/** Jeffreys' prior of a rate is Beta(1/2, 1/2). */
const half = 0.5

/** Logarithm of the probability of these outcomes in their order, the rate unknown. */
export function logEvidence({ hits, trials }: Counts): number {
  return betaln(half + hits, half + trials - hits) - betaln(half, half)
}

/** The probability that `runs` more runs at the rate that `former` shows would all miss; how well that is known is in it. */
export function chanceOfNone(former: Counts, runs: number): number {
  return Math.exp(logEvidence({ ...former, trials: former.trials + runs }) - logEvidence(former))
}

/** Who would need more says that he would need as many. */
const manyRuns = 2 ** 40

/** The least number of runs without a hit that is less likely than `level` at the former rate. */
export function runsToExclude(former: Counts, level: number): number {
  let enough = 1
  while (enough < manyRuns && chanceOfNone(former, enough) > level) enough *= 2
  let tooFew = Math.floor(enough / 2)
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (chanceOfNone(former, middle) > level) tooFew = middle
    else enough = middle
  }
  return enough
}
