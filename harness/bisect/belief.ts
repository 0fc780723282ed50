import { type Lineage } from './lineage.js'
import { hitChance, ratePoints } from './rates.js'

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

/** What is known of the first bad build and of the failure rate, jointly and without approximation on the rates' grid. */
export class Belief {
  readonly cells: Cell[] = []
  readonly tested: Tested[] = []
  /** By hypothesis. */
  readonly cellOf: Int32Array
  readonly #lineage: Lineage
  readonly #falsePositive: number

  /** @param falsePositive That a run of a good commit hits. */
  constructor(lineage: Lineage, falsePositive: number) {
    this.#lineage = lineage
    this.#falsePositive = falsePositive
    this.cellOf = Int32Array.from(lineage.prior, (prior) => (prior > 0 ? 0 : nowhere))
    this.cells.push({
      mass: 1,
      likelihood: Float64Array.from(ratePoints, ({ weight }) => weight),
      probability: 1,
      isBad: [],
    })
  }

  clone(): Belief {
    const other = new Belief(this.#lineage, this.#falsePositive)
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
    const chances = ratePoints.map((point) => {
      const chance = hitChance(point, tested.hits, tested.misses)
      return isHit ? chance : 1 - chance
    })
    const good = isHit ? this.#falsePositive : 1 - this.#falsePositive
    for (const { likelihood, isBad } of this.cells)
      for (let point = 0; point < likelihood.length; point++)
        likelihood[point] = (likelihood[point] ?? 0) * (isBad[at] ? (chances[point] ?? 0) : good)
    if (isHit) tested.hits++
    else tested.misses++
    this.#normalise()
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
    let kept = 0
    const place = this.cells.map((cell) =>
      cell.mass * cell.probability > total * negligible ? kept++ : nowhere,
    )
    const left = this.cells.filter((_, index) => place[index] !== nowhere)
    for (const cell of left) {
      cell.probability /= total
      for (let point = 0; point < cell.likelihood.length; point++)
        cell.likelihood[point] = (cell.likelihood[point] ?? 0) / total
    }
    if (left.length === this.cells.length) return
    this.cells.splice(0, Infinity, ...left)
    this.cellOf.forEach((cell, hypothesis) => (this.cellOf[hypothesis] = place[cell] ?? nowhere))
  }

  /** Probability of each hypothesis. */
  posterior(): Float64Array {
    const factors = this.cells.map(({ likelihood }) => sum(likelihood))
    return this.#lineage.prior.map(
      (prior, hypothesis) => prior * (factors[this.cellOf[hypothesis] ?? nowhere] ?? 0),
    )
  }

  /** Probability of each point of the rates' grid. */
  rates(): Float64Array {
    const rates = new Float64Array(ratePoints.length)
    for (const { mass, likelihood } of this.cells)
      likelihood.forEach((value, point) => (rates[point] = (rates[point] ?? 0) + mass * value))
    return rates
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
