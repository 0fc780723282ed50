import { sum, type Belief, type Cell, type Tested } from './belief.js'
import { type Lineage } from './lineage.js'
import { seriesLengths, tabulateSeries, type SeriesTable } from './rates.js'

/** Up to so many runs of a build, until the first hit. */
export interface Series {
  readonly build: number
  readonly runs: number
  /** Probability of a hit. */
  readonly hit: number
}

/** Seconds, as far as measured. */
export interface SeriesCosts {
  buildSeconds(build: number): number
  readonly runSeconds: number
}

/** Per unit of probability of a cell, by length of the series: what a bad build adds to the sums over hypotheses. */
interface Share {
  readonly hit: number
  /** Entropy of hit or no hit once the culprit is known, in nats. */
  readonly noise: number
  readonly saved: number
}

/** Below, nothing is to be learned, in nats. */
const leastGain = 1e-9

const fresh = tabulateSeries(seriesLengths, 0, 0)
/** A build that is there already is asked run by run: a longer series is never worth more per second. */
const single: readonly number[] = [1]

/**
 * The series with the largest expected information about the culprit per second: the mutual information of "there is a hit"
 * and the first bad build, with the rate integrated over as it is known under each hypothesis.
 *
 * @param isTestable Not of builds that cannot be built.
 * @returns null if no series tells anything.
 */
export function chooseSeries(
  belief: Belief,
  lineage: Lineage,
  costs: SeriesCosts,
  isTestable: (build: number) => boolean,
): Series | null {
  const choice = new Choice(costs)
  belief.tested.forEach((tested, index) => {
    if (isTestable(tested.build)) weighTested(choice, belief, tested, index)
  })
  weighFresh(choice, belief, lineage, isTestable)
  return choice.best
}

class Choice {
  best: Series | null = null
  #most = 0
  readonly #costs: SeriesCosts

  constructor(costs: SeriesCosts) {
    this.#costs = costs
  }

  lengths(build: number): readonly number[] {
    return this.#costs.buildSeconds(build) > 0 ? seriesLengths : single
  }

  /** No more can be learned of a build than whether it is bad. */
  mayWin(build: number, isBad: number): boolean {
    const bound = entropy(isBad)
    return (
      bound > leastGain && bound > this.#most * (this.#costs.buildSeconds(build) + this.#costs.runSeconds)
    )
  }

  weigh(build: number, runs: number, { hit, noise, saved }: Share): void {
    const gain = entropy(hit) - noise
    if (gain <= leastGain) return
    const seconds = this.#costs.buildSeconds(build) + (runs - saved) * this.#costs.runSeconds
    if (gain <= this.#most * seconds) return
    this.best = { build, runs, hit }
    this.#most = gain / seconds
  }
}

function weighTested(choice: Choice, belief: Belief, tested: Tested, index: number): void {
  const bad = belief.cells.filter(({ isBad }) => isBad[index])
  const isBad = bad.reduce((total, { mass, likelihood }) => total + mass * sum(likelihood), 0)
  if (!choice.mayWin(tested.build, isBad)) return
  const lengths = choice.lengths(tested.build)
  const table = tabulateSeries(lengths, tested.hits, tested.misses)
  lengths.forEach((runs, row) => {
    let [hit, noise, saved] = [0, 0, 0]
    for (const cell of bad) {
      const share = shareOf(cell, table, row)
      hit += cell.mass * share.hit
      noise += cell.mass * share.noise
      saved += cell.mass * share.saved
    }
    choice.weigh(tested.build, runs, { hit, noise, saved })
  })
}

/** Builds that were never run. What a cell's hypotheses say of a series is the same for each of them, so that sums do. */
function weighFresh(
  choice: Choice,
  belief: Belief,
  lineage: Lineage,
  isTestable: (build: number) => boolean,
): void {
  const tested = new Set(belief.tested.map(({ build }) => build))
  const isBad = sumOverCulprits(
    belief,
    lineage,
    belief.cells.map(({ likelihood }) => sum(likelihood)),
  )
  const rows = seriesLengths.map((_, row) => {
    const shares = belief.cells.map((cell) => shareOf(cell, fresh, row))
    return {
      hit: sumOverCulprits(
        belief,
        lineage,
        shares.map(({ hit }) => hit),
      ),
      noise: sumOverCulprits(
        belief,
        lineage,
        shares.map(({ noise }) => noise),
      ),
      saved: sumOverCulprits(
        belief,
        lineage,
        shares.map(({ saved }) => saved),
      ),
    }
  })
  for (let build = 0; build < lineage.size; build++) {
    if (!choice.mayWin(build, isBad[build] ?? 0) || tested.has(build) || !isTestable(build)) continue
    choice.lengths(build).forEach((runs, row) => {
      const { hit, noise, saved } = rows[row] ?? {}
      choice.weigh(build, runs, {
        hit: hit?.[build] ?? 0,
        noise: noise?.[build] ?? 0,
        saved: saved?.[build] ?? 0,
      })
    })
  }
}

function shareOf({ likelihood }: Cell, { hit, saved }: SeriesTable, row: number): Share {
  const probability = sum(likelihood)
  const hits = dot(likelihood, hit[row])
  return {
    hit: hits,
    noise: probability * entropy(hits / probability),
    saved: dot(likelihood, saved[row]),
  }
}

/** By build: the sum of `prior * share of its cell` over the hypotheses under which it is bad. */
function sumOverCulprits(belief: Belief, lineage: Lineage, shares: readonly number[]): Float64Array {
  const { prior, basis, added, size } = lineage
  const { cellOf } = belief
  const sums = new Float64Array(size)
  for (let build = 0; build < size; build++) {
    let total = build === 0 ? 0 : (sums[basis[build] ?? 0] ?? 0)
    for (const culprit of added[build] ?? [])
      total += (prior[culprit] ?? 0) * (shares[cellOf[culprit] ?? -1] ?? 0)
    sums[build] = total
  }
  return sums
}

function dot(left: Float64Array, right: Float64Array | undefined): number {
  let total = 0
  for (let index = 0; index < left.length; index++) total += (left[index] ?? 0) * (right?.[index] ?? 0)
  return total
}

/** Of an event of this probability, in nats. */
function entropy(probability: number): number {
  if (probability <= 0 || probability >= 1) return 0
  return -probability * Math.log(probability) - (1 - probability) * Math.log1p(-probability)
}
