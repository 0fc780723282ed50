import { goodEnd, validateHistory, type History } from './history.js'

/** `hit`: the wanted signature; `nothing`: ERROR or INCONCLUSIVE; `unbuildable`: there is nothing to run. */
export type Outcome = 'hit' | 'miss' | 'nothing' | 'unbuildable'

/** What came of one run, or of one build. */
export interface Observation {
  /** Index of a candidate, or `goodEnd`. */
  readonly candidate: number
  readonly outcome: Outcome
}

/** As measured so far. */
export interface Costs {
  /** Seconds until a candidate (or `goodEnd`) can be run; 0 once it is built. */
  buildSeconds(candidate: number): number
  readonly runSeconds: number
}

export type DoneReason = 'confident' | 'bad-end-never-fails' | 'good-end-fails' | 'nothing-left'

/** Run a candidate (or `goodEnd`) up to so many times, until the first hit; or stop. */
export type Step =
  | { readonly kind: 'run'; readonly candidate: number; readonly runs: number }
  | { readonly kind: 'done'; readonly reason: DoneReason }

/** Of one run on a bad commit. */
export interface Rate {
  readonly mean: number
  /** 95 % lie between. */
  readonly low: number
  readonly high: number
}

/** Runs of what a candidate builds, those of other candidates with the same key included. */
export interface Tally {
  readonly hits: number
  readonly misses: number
  readonly nothing: number
  readonly unbuildable: boolean
}

export interface SearchOptions {
  /** How sure to be of the culprit: 0.99. */
  readonly confidence: number
  /** Runs of the bad end without a hit after which it counts as one that never fails. */
  readonly badEndRuns?: number
}

/** A search for the first bad commit. Replaying the same observations gives the same search. */
export interface Search {
  observe(observation: Observation): void
  next(costs: Costs): Step
  /** Up to `count` steps to take at the same time; the first is that of `next`. One `done` alone if there is no more to do. */
  nextBatch(costs: Costs, count: number): Step[]
  /** Probability of each candidate to be the first bad commit; with `goodEndFails()` they add up to 1. */
  posterior(): Float64Array
  /** Probability that the good end is bad itself. */
  goodEndFails(): number
  rate(): Rate
  tally(candidate: number): Tally
}

const grid = Array.from({ length: 40 }, (_, index) => 0.005 * Math.pow(0.995 / 0.005, index / 39))

/** @throws {FctError} of `validateHistory` */
export function createSearch(history: History, options: SearchOptions): Search {
  validateHistory(history)
  return new FirstSearch(history, options)
}

class FirstSearch implements Search {
  readonly #history: History
  readonly #options: SearchOptions
  readonly #tallies = new Map<
    string,
    { hits: number; misses: number; nothing: number; unbuildable: boolean }
  >()
  /** By candidate: under which candidates as culprits it is bad. */
  readonly #culprits: Set<number>[] = []

  constructor(history: History, options: SearchOptions) {
    this.#history = history
    this.#options = options
    const first = new Map<string, number>()
    const good = new Set(history.goodEvidence)
    history.candidates.forEach(({ parents, evidence }, index) => {
      const same = first.get(evidence)
      if (same !== undefined) this.#culprits.push(this.#culprits[same] ?? new Set())
      else if (good.has(evidence)) this.#culprits.push(new Set())
      else {
        const set = new Set([index])
        for (const parent of parents) this.#culprits[parent]?.forEach((culprit) => set.add(culprit))
        this.#culprits.push(set)
        first.set(evidence, index)
      }
    })
  }

  observe({ candidate, outcome }: Observation): void {
    const key = this.#key(candidate)
    const tally = this.#tallies.get(key) ?? { hits: 0, misses: 0, nothing: 0, unbuildable: false }
    this.#tallies.set(key, tally)
    if (outcome === 'hit') tally.hits++
    else if (outcome === 'miss') tally.misses++
    else if (outcome === 'nothing') tally.nothing++
    else tally.unbuildable = true
  }

  next(costs: Costs): Step {
    const { confidence, badEndRuns = 300 } = this.#options
    const last = this.#history.candidates.length - 1
    const end = this.tally(last)
    if (this.tally(goodEnd).hits > 0) return { kind: 'done', reason: 'good-end-fails' }
    if (end.unbuildable) return { kind: 'done', reason: 'nothing-left' }
    if (end.hits === 0)
      return end.misses >= badEndRuns
        ? { kind: 'done', reason: 'bad-end-never-fails' }
        : { kind: 'run', candidate: last, runs: badEndRuns - end.misses }
    const posterior = this.posterior()
    if (Math.max(...posterior) >= confidence) return { kind: 'done', reason: 'confident' }
    const { mean } = this.rate()
    let best: Step = { kind: 'done', reason: 'nothing-left' }
    let most = 1e-12
    for (let candidate = goodEnd; candidate <= last; candidate++) {
      if (this.tally(candidate).unbuildable) continue
      const bad = this.#isBad(posterior, candidate)
      for (const runs of [1, 2, 4, 8, 16, 32]) {
        const hit = 1 - Math.pow(1 - mean, runs)
        const gain = entropy(bad * hit) - bad * entropy(hit)
        const perSecond = gain / (costs.buildSeconds(candidate) + runs * costs.runSeconds)
        if (perSecond > most) [best, most] = [{ kind: 'run', candidate, runs }, perSecond]
      }
    }
    return best
  }

  nextBatch(costs: Costs, count: number): Step[] {
    return count > 0 ? [this.next(costs)] : []
  }

  posterior(): Float64Array {
    return this.#joint().posterior.subarray(1)
  }

  goodEndFails(): number {
    return this.#joint().posterior[0] ?? 0
  }

  rate(): Rate {
    const { rates } = this.#joint()
    const quantile = (share: number): number => {
      let sum = 0
      return grid[rates.findIndex((weight) => (sum += weight) >= share)] ?? 1
    }
    const mean = rates.reduce((sum, weight, index) => sum + weight * (grid[index] ?? 0), 0)
    return { mean, low: quantile(0.025), high: quantile(0.975) }
  }

  tally(candidate: number): Tally {
    return this.#tallies.get(this.#key(candidate)) ?? { hits: 0, misses: 0, nothing: 0, unbuildable: false }
  }

  #key(candidate: number): string {
    return candidate === goodEnd ? '' : (this.#history.candidates[candidate]?.evidence ?? '')
  }

  #isBad(posterior: Float64Array, candidate: number): number {
    let sum = this.goodEndFails()
    this.#culprits[candidate]?.forEach((culprit) => (sum += posterior[culprit] ?? 0))
    return sum
  }

  #joint(): { posterior: Float64Array; rates: number[] } {
    const { candidates } = this.#history
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
    const posterior = new Float64Array(candidates.length + 1)
    const rates = grid.map((rate) => {
      let all = 0
      for (let culprit = goodEnd; culprit < candidates.length; culprit++) {
        let likelihood = culprit === goodEnd ? 0.02 : (candidates[culprit]?.weight ?? 0) / total
        if (culprit !== goodEnd && !this.#culprits.at(-1)?.has(culprit)) continue
        const seen = new Set<string>()
        for (let candidate = goodEnd; candidate < candidates.length; candidate++) {
          const key = this.#key(candidate)
          if (seen.has(key)) continue
          seen.add(key)
          const { hits, misses } = this.tally(candidate)
          const isBad = culprit === goodEnd || (this.#culprits[candidate]?.has(culprit) ?? false)
          if (isBad) likelihood *= Math.pow(rate, hits) * Math.pow(1 - rate, misses)
          else if (hits > 0) likelihood = 0
        }
        posterior[culprit + 1] = (posterior[culprit + 1] ?? 0) + likelihood
        all += likelihood
      }
      return all
    })
    const sum = rates.reduce((a, b) => a + b, 0)
    return { posterior: posterior.map((value) => value / sum), rates: rates.map((value) => value / sum) }
  }
}

/** Of an event of this probability, in nats. */
function entropy(probability: number): number {
  const other = 1 - probability
  const part = (value: number): number => (value > 0 ? -value * Math.log(value) : 0)
  return part(probability) + part(other)
}
