import { type Lineage } from './lineage.js'
import { dot, hitChance, pointAt, ratePoints, tabulateSeries } from './rates.js'

/** Hypotheses that say the same of every build that was run. */
export interface Cell {
  /** Prior of its hypotheses together. */
  mass: number
  /** By point of the rates' grid: prior and likelihood of what was seen, not normalised. */
  readonly likelihood: Float64Array
  /** The sum of `likelihood`: that times `mass` is the probability of the cell, once all is normalised. */
  probability: number
  /** By tested build, in the order of their first runs: whether it is bad. */
  readonly isBad: boolean[]
}

/** A build that was run. */
export interface Tested {
  readonly build: number
  hits: number
  misses: number
}

/** Of hypotheses that are ruled out. */
const nowhere = -1

/** Too improbable to come back. */
const negligible = 1e-13

function isNegligible({ mass, probability }: Cell): boolean {
  return mass * probability <= negligible
}

/** What is known of the first bad build and of the failure rate, jointly and without approximation on the rates' grid. */
export class Belief {
  readonly cells: Cell[] = []
  readonly tested: Tested[] = []
  /** By hypothesis. */
  readonly cellOf: Int32Array
  readonly #lineage: Lineage
  readonly #falsePositive: number
  readonly #rates: Float64Array
  readonly #chances = new Float64Array(ratePoints.length)
  readonly #posterior: Float64Array
  #isPosteriorOld = true

  /**
   * @param falsePositive That a run of a good commit hits.
   * @param rates Probability of each point of the rates' grid beforehand.
   */
  constructor(lineage: Lineage, falsePositive: number, rates: Float64Array) {
    this.#lineage = lineage
    this.#falsePositive = falsePositive
    this.#rates = rates
    this.cellOf = Int32Array.from(lineage.prior, (prior) => (prior > 0 ? 0 : nowhere))
    this.#posterior = new Float64Array(lineage.size)
    this.cells.push({
      mass: 1,
      likelihood: rates.slice(),
      probability: 1,
      isBad: [],
    })
  }

  clone(): Belief {
    const other = new Belief(this.#lineage, this.#falsePositive, this.#rates)
    other.cellOf.set(this.cellOf)
    other.tested.push(...this.tested.map((tested) => ({ ...tested })))
    other.cells.length = 0
    for (const cell of this.cells)
      other.cells.push({ ...cell, likelihood: cell.likelihood.slice(), isBad: [...cell.isBad] })
    return other
  }

  observe(build: number, isHit: boolean): void {
    const at = this.#indexOf(build)
    const tested = this.tested[at]
    if (!tested) return
    const chances = this.#chances
    for (let point = 0; point < ratePoints.length; point++) {
      const chance = hitChance(pointAt(point), tested.hits, tested.misses)
      chances[point] = isHit ? chance : 1 - chance
    }
    const good = isHit ? this.#falsePositive : 1 - this.#falsePositive
    for (const { likelihood, isBad } of this.cells)
      for (let point = 0; point < likelihood.length; point++)
        likelihood[point] = (likelihood[point] ?? 0) * (isBad[at] ? (chances[point] ?? 0) : good)
    if (isHit) tested.hits++
    else tested.misses++
    this.#normalise()
    this.#isPosteriorOld = true
  }

  #indexOf(build: number): number {
    const known = this.tested.findIndex((tested) => tested.build === build)
    if (known >= 0) return known
    this.#split(build)
    return this.tested.push({ build, hits: 0, misses: 0 }) - 1
  }

  /** Each cell in two: where the build is good, and where it is bad. */
  #split(build: number): void {
    const { prior } = this.#lineage
    const twins = this.cells.map((cell) => ({
      ...cell,
      mass: 0,
      likelihood: cell.likelihood.slice(),
      isBad: [...cell.isBad, true],
    }))
    const count = this.cells.length
    this.#lineage.forEachCulprit(build, (hypothesis) => {
      const cell = this.cellOf[hypothesis] ?? nowhere
      const twin = twins[cell]
      if (!twin) return
      twin.mass += prior[hypothesis] ?? 0
      this.cellOf[hypothesis] = cell + count
    })
    const left = new Float64Array(count)
    this.cellOf.forEach((cell, hypothesis) => {
      if (cell >= 0 && cell < count) left[cell] = (left[cell] ?? 0) + (prior[hypothesis] ?? 0)
    })
    this.cells.forEach((cell, index) => {
      cell.mass = left[index] ?? 0
      cell.isBad.push(false)
    })
    this.cells.push(...twins)
  }

  /** The probabilities of cells add up to 1 again; those with next to none are dropped. */
  #normalise(): void {
    let total = 0
    for (const cell of this.cells) {
      cell.probability = sum(cell.likelihood)
      total += cell.mass * cell.probability
    }
    let isAnyNegligible = false
    for (const cell of this.cells) {
      cell.probability /= total
      const { likelihood } = cell
      for (let point = 0; point < likelihood.length; point++)
        likelihood[point] = (likelihood[point] ?? 0) / total
      isAnyNegligible ||= isNegligible(cell)
    }
    if (isAnyNegligible) this.#drop()
  }

  #drop(): void {
    let kept = 0
    const place = this.cells.map((cell) => (isNegligible(cell) ? nowhere : kept++))
    const left = this.cells.filter((cell) => !isNegligible(cell))
    this.cells.splice(0, Infinity, ...left)
    for (let hypothesis = 0; hypothesis < this.cellOf.length; hypothesis++)
      this.cellOf[hypothesis] = place[this.cellOf[hypothesis] ?? nowhere] ?? nowhere
  }

  /** Probability of each hypothesis; until something else is observed. */
  posterior(): Float64Array {
    if (!this.#isPosteriorOld) return this.#posterior
    this.#isPosteriorOld = false
    const { prior, size } = this.#lineage
    for (let hypothesis = 0; hypothesis < size; hypothesis++) {
      const cell = this.cells[this.cellOf[hypothesis] ?? nowhere]
      this.#posterior[hypothesis] = cell ? (prior[hypothesis] ?? 0) * cell.probability : 0
    }
    return this.#posterior
  }

  /** Probability that a build hits in so many runs more. */
  hitWithin(build: number, runs: number): number {
    const { hits, misses } = this.tested.find((tested) => tested.build === build) ?? { hits: 0, misses: 0 }
    const [chances] = tabulateSeries([runs], hits, misses).hit
    const ofBad = this.cells.map(({ likelihood }) => dot(likelihood, chances))
    const ofGood = 1 - Math.pow(1 - this.#falsePositive, runs)
    let isBad = 0
    let hit = 0
    this.#lineage.forEachCulprit(build, (hypothesis) => {
      const cell = this.cellOf[hypothesis] ?? nowhere
      const prior = this.#lineage.prior[hypothesis] ?? 0
      isBad += prior * (this.cells[cell]?.probability ?? 0)
      hit += prior * (ofBad[cell] ?? 0)
    })
    return hit + (1 - isBad) * ofGood
  }

  /** Probability of each point of the rates' grid. */
  rates(): Float64Array {
    const rates = new Float64Array(ratePoints.length)
    for (const { mass, likelihood } of this.cells)
      for (let point = 0; point < rates.length; point++)
        rates[point] = (rates[point] ?? 0) + mass * (likelihood[point] ?? 0)
    return rates
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
