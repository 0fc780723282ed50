import type { History } from '../../../harness/bisect/history.js'
import type { Outcome } from '../../../harness/bisect/search.js'

/** What a search meets. */
export interface WorldOptions {
  /** Failure rate of bad commits, on average. */
  readonly rate: number
  /** How far single commits stray from it: of Beta(rate * k, (1 - rate) * k); absent: not at all. */
  readonly concentration?: number
  /** Share of runs that have no verdict. */
  readonly errorRate: number
  /** Share of commits that cannot be built; never the bad end. */
  readonly unbuildable: number
}

/** A history with a culprit in it. Counts what is asked of it. */
export class World {
  readonly culprit: number
  runs = 0
  readonly built = new Set<number>()
  readonly #isBad: Uint8Array
  readonly #rates: Float64Array
  readonly #isBroken: Uint8Array
  readonly #random: () => number
  readonly #errorRate: number

  constructor(history: History, options: WorldOptions, random: () => number) {
    const { candidates } = history
    this.#random = random
    this.#errorRate = options.errorRate
    this.culprit = draw(
      candidates.map(({ weight }) => weight),
      random,
    )
    this.#isBad = new Uint8Array(candidates.length)
    candidates.forEach(({ parents }, index) => {
      this.#isBad[index] = Number(index === this.culprit || parents.some((parent) => this.#isBad[parent]))
    })
    const { rate, concentration } = options
    this.#rates = Float64Array.from(candidates, () =>
      concentration === undefined ? rate : drawBeta(rate * concentration, (1 - rate) * concentration, random),
    )
    this.#isBroken = Uint8Array.from(candidates, (_, index) =>
      Number(index < candidates.length - 1 && random() < options.unbuildable),
    )
  }

  isBuildable(candidate: number): boolean {
    this.built.add(candidate)
    return !this.#isBroken[candidate]
  }

  isBad(candidate: number): boolean {
    return this.#isBad[candidate] === 1
  }

  run(candidate: number): Outcome {
    this.runs++
    if (this.#random() < this.#errorRate) return 'nothing'
    const rate = this.#isBad[candidate] ? this.#rates[candidate]! : 0
    return this.#random() < rate ? 'hit' : 'miss'
  }
}

function draw(weights: readonly number[], random: () => number): number {
  let left = random() * weights.reduce((total, weight) => total + weight, 0)
  const at = weights.findIndex((weight) => (left -= weight) < 0)
  return at < 0 ? weights.length - 1 : at
}

function drawBeta(alpha: number, beta: number, random: () => number): number {
  const [left, right] = [drawGamma(alpha, random), drawGamma(beta, random)]
  return left + right > 0 ? left / (left + right) : alpha / (alpha + beta)
}

/** Marsaglia and Tsang, A simple method for generating gamma variables (2000); a shape below 1 is raised first. */
function drawGamma(shape: number, random: () => number): number {
  if (shape <= 0) return 0
  if (shape < 1) return drawGamma(shape + 1, random) * Math.pow(1 - random(), 1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const cube = Math.pow(1 + normal / Math.sqrt(9 * d), 3)
    if (cube <= 0) continue
    if (Math.log(1 - random()) < normal ** 2 / 2 + d - d * cube + d * Math.log(cube)) return d * cube
  }
}
