import type { Counts } from '../../../harness/campaign/rate.js'
import type { Random } from '../oracle/model/random.js'

const steps = 2 ** 31

/** A night of `trials` runs that each hit with probability `rate`, strictly between 0 and 1. */
export function drawNight(random: Random, trials: number, rate: number): Counts {
  const perMiss = Math.log1p(-rate)
  // From one hit to the next: the misses between them are geometric.
  const skip = (): number => Math.floor(Math.log(1 - random.below(steps) / steps) / perMiss)
  let hits = 0
  for (let run = skip(); run < trials; run += 1 + skip()) hits++
  return { hits, trials }
}

export function drawNights(random: Random, count: number, trials: number, rate: number): Counts[] {
  return Array.from({ length: count }, () => drawNight(random, trials, rate))
}
