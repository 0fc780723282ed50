import type { History } from '../../../harness/bisect/history.js'
import type { Observation } from '../../../harness/bisect/search.js'
import { ratePoints } from '../../../harness/bisect/rates.js'

/** Which candidates are bad if `culprit` is the first bad one; null if that contradicts a tree that came before. */
function badUnder({ candidates, goodEvidence = [] }: History, culprit: number): boolean[] | null {
  const known = new Map(goodEvidence.map((key) => [key, false]))
  const isBad: boolean[] = []
  for (const [index, { parents, evidence }] of candidates.entries()) {
    const before = known.get(evidence)
    if (index === culprit && before !== undefined) return null
    const bad = before ?? (index === culprit || parents.some((parent) => isBad[parent]))
    isBad.push(bad)
    known.set(evidence, bad)
  }
  return isBad.at(-1) ? isBad : null
}

/**
 * The posterior over candidates by enumeration, straight from the definition: for each culprit and each point of the rates'
 * grid the probability of all that was seen, by the closed form of the beta-binomial.
 */
export function enumeratePosterior(
  history: History,
  goodEndPrior: number,
  seen: readonly Observation[],
): number[] {
  const { candidates } = history
  const tallies = new Map<string, { candidate: number; hits: number; misses: number }>()
  for (const { candidate, outcome } of seen) {
    const key =
      candidate < 0 || history.goodEvidence?.includes(candidates[candidate]!.evidence)
        ? ''
        : candidates[candidate]!.evidence
    const tally = tallies.get(key) ?? { candidate: key === '' ? -1 : candidate, hits: 0, misses: 0 }
    tallies.set(key, tally)
    if (outcome === 'hit') tally.hits++
    if (outcome === 'miss') tally.misses++
  }
  const worlds = candidates.map((_, culprit) => badUnder(history, culprit))
  const total = candidates.reduce((sum, { weight }, index) => sum + (worlds[index] ? weight : 0), 0)
  const joint = (isBad: (candidate: number) => boolean): number =>
    ratePoints.reduce((sum, { mean, concentration, weight }) => {
      let likelihood = weight
      for (const { candidate, hits, misses } of tallies.values()) {
        if (!isBad(candidate)) likelihood *= Number(hits === 0)
        else if (concentration === Infinity) likelihood *= mean ** hits * (1 - mean) ** misses
        else {
          const [alpha, beta] = [mean * concentration, (1 - mean) * concentration]
          likelihood *= (rising(alpha, hits) * rising(beta, misses)) / rising(alpha + beta, hits + misses)
        }
      }
      return sum + likelihood
    }, 0)
  const weights = candidates.map(({ weight }, index) => {
    const world = worlds[index]
    return world ? ((1 - goodEndPrior) * weight * joint((candidate) => world[candidate] ?? false)) / total : 0
  })
  const all = goodEndPrior * joint(() => true) + weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / all)
}

/** value * (value + 1) * ..., so many factors. */
function rising(value: number, count: number): number {
  return Array.from({ length: count }, (_, index) => value + index).reduce(
    (product, factor) => product * factor,
    1,
  )
}
