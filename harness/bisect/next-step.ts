import type { Belief, Cell, Tested } from './belief.js'
import { type Lineage } from './lineage.js'
import { dot, meanOf, seriesLengths, tabulateSeries, type SeriesTable } from './rates.js'

/** Up to so many runs of a build, until the first hit. */
export interface Series {
  readonly build: number
  readonly runs: number
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

/**
 * What is there already may be asked run by run, but so few misses, or a tenth of those before, change hardly anything. In
 * hits expected of a bad commit.
 */
const hitsAtOnce = 0.2

const fresh = tabulateSeries(seriesLengths, 0, 0)
/** Per unbuilt build: sums over culprits of its probability, and of the share of each length. */
export const sumsPerBuild = 1 + 3 * seriesLengths.length

/**
 * The series with the largest expected information about the culprit per second: the mutual information of "there is a hit"
 * and the first bad build, with the rate integrated over as it is known under each hypothesis.
 *
 * @param isReady Not of builds that cannot be run.
 * @param sums Room to work in, `sumsPerBuild` for each build; what is there does not matter.
 * @returns Undefined if no series tells anything.
 */
export function chooseSeries(
  belief: Belief,
  lineage: Lineage,
  costs: SeriesCosts,
  isReady: (build: number) => boolean,
  sums: Float64Array = new Float64Array(lineage.size * sumsPerBuild),
): Series | undefined {
  const choice = new Choice(costs)
  const runsAtLeast = Math.max(1, Math.round(hitsAtOnce / meanOf(belief.rates())))
  belief.tested.forEach((tested, index) => {
    if (isReady(tested.build)) weighTested(choice, belief, { tested, index, runsAtLeast })
  })
  weighFresh(choice, belief, lineage, isReady, sums)
  return choice.best
}

class Choice {
  best: Series | undefined
  #most = 0
  readonly #costs: SeriesCosts

  constructor(costs: SeriesCosts) {
    this.#costs = costs
  }

  isBuilt(build: number): boolean {
    return this.#costs.buildSeconds(build) === 0
  }

  /** No more can be learned of a build than whether it is bad. */
  mayWin(build: number, isBad: number): boolean {
    if (isBad < leastGain / 30) return false
    const bound = entropy(isBad)
    return (
      bound > leastGain && bound > this.#most * (this.#costs.buildSeconds(build) + this.#costs.runSeconds)
    )
  }

  weigh(build: number, runs: number, hit: number, noise: number, saved: number): void {
    const gain = entropy(hit) - noise
    if (gain <= leastGain) return
    const seconds = this.#costs.buildSeconds(build) + (runs - saved) * this.#costs.runSeconds
    if (gain <= this.#most * seconds) return
    this.best = { build, runs }
    this.#most = gain / seconds
  }
}

function weighTested(
  choice: Choice,
  belief: Belief,
  { tested, index, runsAtLeast }: { tested: Tested; index: number; runsAtLeast: number },
): void {
  const bad = belief.cells.filter(({ isBad }) => isBad[index])
  const isBad = bad.reduce((total, { mass, probability }) => total + mass * probability, 0)
  if (!choice.mayWin(tested.build, isBad)) return
  const runsHere = Math.max(runsAtLeast, Math.floor(tested.misses / 10))
  const lengths = choice.isBuilt(tested.build) ? [runsHere] : seriesLengths
  const table = tableOf(tested, lengths)
  lengths.forEach((runs, row) => {
    const total = { hit: 0, noise: 0, saved: 0 }
    for (const cell of bad) {
      const share = shareOf(cell, table, row)
      total.hit += cell.mass * share.hit
      total.noise += cell.mass * share.noise
      total.saved += cell.mass * share.saved
    }
    choice.weigh(tested.build, runs, total.hit, total.noise, total.saved)
  })
}

const tables = new WeakMap<Tested, { readonly key: string; readonly table: SeriesTable }>()

/** From one step to the next, all but one build stay as they were. */
function tableOf(tested: Tested, lengths: readonly number[]): SeriesTable {
  const { hits, misses } = tested
  const key = `${hits} ${misses} ${lengths.length} ${lengths[0] ?? 0}`
  const known = tables.get(tested)
  if (known?.key === key) return known.table
  const table = tabulateSeries(lengths, hits, misses)
  tables.set(tested, { key, table })
  return table
}

/** Builds that were never run. What a cell's hypotheses say of a series is the same for each of them, so that sums do. */
function weighFresh(
  choice: Choice,
  belief: Belief,
  lineage: Lineage,
  isReady: (build: number) => boolean,
  sums: Float64Array,
): void {
  const tested = new Set(belief.tested.map(({ build }) => build))
  const shares = new Float64Array(sumsPerBuild * belief.cells.length)
  belief.cells.forEach((cell, index) => {
    let at = index * sumsPerBuild
    shares[at++] = cell.probability
    for (let row = 0; row < seriesLengths.length; row++) {
      const { hit, noise, saved } = shareOf(cell, fresh, row)
      shares[at++] = hit
      shares[at++] = noise
      shares[at++] = saved
    }
  })
  sumOverCulprits(belief, lineage, shares, sums)
  for (let build = 0; build < lineage.size; build++) {
    let at = build * sumsPerBuild
    if (!choice.mayWin(build, sums[at] ?? 0) || tested.has(build) || !isReady(build)) continue
    at++
    for (const runs of seriesLengths) {
      choice.weigh(build, runs, sums[at] ?? 0, sums[at + 1] ?? 0, sums[at + 2] ?? 0)
      at += 3
    }
  }
}

function shareOf({ likelihood, probability }: Cell, { hit, saved }: SeriesTable, row: number): Share {
  const hits = dot(likelihood, hit[row])
  return {
    hit: hits,
    noise: probability * entropy(hits / probability),
    saved: dot(likelihood, saved[row]),
  }
}

/** Fills in, by build, sums of `prior * share of its cell` over the hypotheses under which it is bad. */
function sumOverCulprits(
  { cellOf }: Belief,
  { prior, basis, added, addedFrom, size }: Lineage,
  shares: Float64Array,
  sums: Float64Array,
): void {
  const width = sumsPerBuild
  sums.fill(0, 0, width)
  for (let build = 0; build < size; build++) {
    const to = build * width
    const from = (basis[build] ?? 0) * width
    if (build > 0) sums.copyWithin(to, from, from + width)
    const end = addedFrom[build + 1] ?? 0
    for (let index = addedFrom[build] ?? 0; index < end; index++) {
      const culprit = added[index] ?? 0
      const cell = cellOf[culprit] ?? -1
      if (cell < 0) continue
      const weight = prior[culprit] ?? 0
      for (let column = 0; column < width; column++)
        sums[to + column] = (sums[to + column] ?? 0) + weight * (shares[cell * width + column] ?? 0)
    }
  }
}

/** Of an event of this probability, in nats. */
function entropy(probability: number): number {
  if (probability <= 0 || probability >= 1) return 0
  return -probability * Math.log(probability) - (1 - probability) * Math.log1p(-probability)
}
