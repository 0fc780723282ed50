/**
 * What is thought beforehand of how often a bad commit fails: a mean rate that the whole range shares, and how far single
 * commits stray from it. A commit's own rate is drawn from Beta(mean * k, (1 - mean) * k), k the concentration; infinite: the
 * same rate everywhere. Its runs are then beta-binomial, which needs no integral of its own: only mean and concentration
 * are summed over, on a grid.
 */

/** One point of the grid. */
interface RatePoint {
  readonly mean: number
  readonly concentration: number
  readonly weight: number
}

/** Even in the logit, so that small rates and those near 1 are as fine as the middle: 0.008 to 0.999. */
const means = Array.from({ length: 28 }, (_, index) => 1 / (1 + Math.exp(4.8 - (11.7 * index) / 27)))

/**
 * Where rates stray, the first parameter of the Beta is at least this: a commit fails half or twice as often as others (a
 * standard deviation of 0.6 of the mean), but not next to never. With a much smaller one most commits of a small mean would
 * never fail, which no number of runs refutes: a search went on for 189,000.
 */
const leastShape = 3

/** A coarser grid is enough for a concentration that says little of the mean. */
const strays = [
  { concentrationAt: () => Infinity, share: 0.97, every: 1 },
  { concentrationAt: (mean: number) => Math.max(24, leastShape / mean), share: 0.03, every: 2 },
]

export const ratePoints: readonly RatePoint[] = strays.flatMap(({ concentrationAt, share, every }) => {
  const taken = means.filter((_, index) => index % every === 0)
  return taken.map((mean) => ({ mean, concentration: concentrationAt(mean), weight: share / taken.length }))
})

/** Where the mean rate is known to lie. */
export interface RateRange {
  readonly low: number
  readonly high: number
}

/** By point of the grid: what is thought beforehand. Of a range, the points next to its ends are the outermost. */
export function priorOf({ low, high }: RateRange = { low: 0, high: 1 }): Float64Array {
  const weights = ratePoints.map(({ mean, concentration, weight }) => {
    const same = ratePoints.filter((point) => isShared(point.concentration) === isShared(concentration))
    const least = same.findLast((point) => point.mean <= low)?.mean ?? 0
    const most = same.find((point) => point.mean >= high)?.mean ?? 1
    return mean >= least && mean <= most ? weight : 0
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return Float64Array.from(weights, (weight) => weight / total)
}

function isShared(concentration: number): boolean {
  return concentration === Infinity
}

export function pointAt(index: number): RatePoint {
  const point = ratePoints[index]
  if (!point) throw new RangeError(`the rates' grid has no point ${index}`)
  return point
}

/** The mean rate of a bad commit, by the weights of the grid's points. */
export function meanOf(weights: Float64Array): number {
  let sum = 0
  for (let point = 0; point < weights.length; point++) sum += pointAt(point).mean * (weights[point] ?? 0)
  return sum
}

/** That the next run of a bad commit hits, after so many hits and misses of its own. */
export function hitChance({ mean, concentration }: RatePoint, hits: number, misses: number): number {
  if (isShared(concentration)) return mean
  return (mean * concentration + hits) / (concentration + hits + misses)
}

/** Lengths of a series of runs that are weighed against each other. */
export const seriesLengths: readonly number[] = [1, 4, 16, 64]

/** Of series on a bad build that end at the first hit, by length and point of the grid. */
export interface SeriesTable {
  /** That there is a hit. */
  readonly hit: readonly Float64Array[]
  /** Runs that need not be made because a hit came before. */
  readonly saved: readonly Float64Array[]
}

/** @param lengths Ascending. */
export function tabulateSeries(lengths: readonly number[], hits: number, misses: number): SeriesTable {
  const hit = lengths.map(() => new Float64Array(ratePoints.length))
  const saved = lengths.map(() => new Float64Array(ratePoints.length))
  ratePoints.forEach((point, at) => {
    let miss = 1
    let made = 0
    let done = 0
    lengths.forEach((length, row) => {
      for (; done < length; done++) {
        made += miss
        miss *= 1 - hitChance(point, hits, misses + done)
      }
      hit[row]?.fill(1 - miss, at, at + 1)
      saved[row]?.fill(length - made, at, at + 1)
    })
  })
  return { hit, saved }
}

/** Of two rows over the grid's points. */
export function dot(left: Float64Array, right: Float64Array | undefined): number {
  let total = 0
  for (let index = 0; index < left.length; index++) total += (left[index] ?? 0) * (right?.[index] ?? 0)
  return total
}

/** The mean rate below which so large a share of the weights of the grid's points lies. */
export function quantileOf(weights: Float64Array, share: number): number {
  const byMean = ratePoints
    .map(({ mean }, index) => ({ mean, weight: weights[index] ?? 0 }))
    .sort((left, right) => left.mean - right.mean)
  let below = 0
  return byMean.find(({ weight }) => (below += weight) >= share)?.mean ?? 1
}

/** The rates above this are excluded at 95 % by so many runs without a failure: the rule of three, exactly. */
export function highestRate(misses: number): number {
  return 1 - Math.pow(0.05, 1 / misses)
}
