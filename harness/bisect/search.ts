import { Belief } from './belief.js'
import { goodEnd, type History } from './history.js'
import { goodBuild, Lineage } from './lineage.js'
import { chooseSeries, sumsPerBuild, type Series, type SeriesCosts } from './next-step.js'
import { meanOf, priorOf, quantileOf, type RateRange } from './rates.js'
import { groupAlike } from './alike.js'

/** `hit`: the wanted signature; `nothing`: ERROR or INCONCLUSIVE; `unbuildable`: there is nothing to run. */
export type Outcome = 'hit' | 'miss' | 'nothing' | 'unbuildable'

/** Runs of a candidate (or `goodEnd`) that have no outcome yet. */
export interface RunsOut {
  readonly candidate: number
  readonly runs: number
}

/** What came of one run, or of one build. */
export interface Observation {
  /** Index of a candidate, or `goodEnd`. */
  readonly candidate: number
  readonly outcome: Outcome
}

/** As measured so far. */
export interface Costs {
  /** Seconds until a candidate (or `goodEnd`) can be run; 0 once it is built; infinite: not for now. */
  buildSeconds(candidate: number): number
  readonly runSeconds: number
}

/**
 * `confident`: one commit has the confidence. `nothing-left`: no run that can be made tells the remaining ones apart
 * (`suspects()`). `bad-end-unusable`: it cannot be built, or its runs have no verdict.
 */
export type DoneReason =
  'confident' | 'bad-end-never-fails' | 'bad-end-unusable' | 'good-end-fails' | 'nothing-left'

/** Run a candidate (or `goodEnd`) up to so many times, until the first hit. */
export interface RunStep extends RunsOut {
  readonly kind: 'run'
}

/** What to do next, or why to stop. */
export type Step = RunStep | { readonly kind: 'done'; readonly reason: DoneReason }

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
  /** Runs of the bad end without a hit after which it counts as one that never fails; 300, which excludes a rate of 1 %. */
  readonly badEndRuns?: number
  /** Where the failure rate of bad commits lies, if that is known. */
  readonly rate?: RateRange | undefined
  /** Hits of the bad end before any other commit is run, so that the rate is known well enough; 4, or 1 if it is known. */
  readonly badEndHits?: number
  /** That a run of a good commit shows the wanted signature; 0. */
  readonly falsePositive?: number
  /** Prior probability that the good end fails too; 0.01. */
  readonly goodEndPrior?: number
}

/** A candidate and its probability to be the first bad commit. */
export interface Suspect {
  readonly candidate: number
  readonly probability: number
}

type MutableTally = { -readonly [Key in keyof Tally]: Tally[Key] }

const untried: Tally = { hits: 0, misses: 0, nothing: 0, unbuildable: false }

/** Runs without a verdict, per run with one, after which a build counts as one that cannot be run. */
const patience = 5

/**
 * Of the doubt allowed, so much is used. What is thought beforehand of the rate is right on average only: at rates of a tenth
 * and less it is overestimated at times by the first hits, and a search for 0.99 was right in 98 of 100 cases.
 */
const doubtLeft = 0.5

/**
 * A search for the first bad commit. It decides by what was observed alone: the same observations in the same order give the
 * same search.
 *
 * @throws {FctError} of `validateHistory`
 */
export function createSearch(history: History, options: SearchOptions): Search {
  return new Search(history, options)
}

export class Search {
  readonly #candidates: number
  readonly #options: Required<Omit<SearchOptions, 'rate'>>
  readonly #lineage: Lineage
  readonly #belief: Belief
  readonly #sums: Float64Array
  readonly #groupSums: Float64Array
  readonly #tallies = new Map<number, MutableTally>()
  /** Groups of hypotheses that nothing tells apart; null: not known. */
  #alike: Int32Array | null = null

  constructor(history: History, options: SearchOptions) {
    const { rate, ...others } = options
    const badEndHits = rate === undefined ? 4 : 1
    this.#options = { badEndRuns: 300, badEndHits, falsePositive: 0, goodEndPrior: 0.01, ...others }
    this.#candidates = history.candidates.length
    this.#lineage = new Lineage(history, this.#options.goodEndPrior)
    this.#belief = new Belief(this.#lineage, this.#options.falsePositive, priorOf(rate))
    this.#groupSums = new Float64Array(this.#lineage.size)
    this.#sums = new Float64Array(this.#lineage.size * sumsPerBuild)
  }

  observe({ candidate, outcome }: Observation): void {
    const build = this.#buildOf(candidate)
    const tally = this.#tallies.get(build) ?? { ...untried }
    this.#tallies.set(build, tally)
    if (outcome === 'hit' || outcome === 'miss') {
      this.#belief.observe(build, outcome === 'hit')
      tally[outcome === 'hit' ? 'hits' : 'misses']++
    } else {
      const wasTestable = this.#isTestable(build)
      if (outcome === 'nothing') tally.nothing++
      else tally.unbuildable = true
      if (this.#isTestable(build) !== wasTestable) this.#alike = null
    }
  }

  next(costs: Costs): Step {
    const reason = this.#doneReason()
    if (reason) return { kind: 'done', reason }
    const { badEnd } = this.#lineage
    const { hits, misses } = this.#tallyOf(badEnd)
    if (hits < this.#options.badEndHits)
      return this.#run(badEnd, Math.max(1, this.#options.badEndRuns - misses))
    const series = this.#choose(this.#belief, costs)
    return series ? this.#run(series.build, series.runs) : { kind: 'done', reason: 'nothing-left' }
  }

  /**
   * A step to take while others are out, chosen as if those had gone the likelier way; undefined if there is nothing to do
   * until one of them is over.
   */
  beside(out: readonly RunsOut[], costs: Costs): RunStep | undefined {
    if (this.#doneReason()) return undefined
    const { badEnd } = this.#lineage
    const { hits, misses } = this.#tallyOf(badEnd)
    if (hits < this.#options.badEndHits) {
      const atBadEnd = out.filter(({ candidate }) => this.#buildOf(candidate) === badEnd)
      const runs = atBadEnd.reduce((left, each) => left - each.runs, this.#options.badEndRuns - misses)
      return runs > 0 && this.#isReady(badEnd, costs) ? this.#run(badEnd, runs) : undefined
    }
    const imagined = this.#belief.clone()
    for (const { candidate, runs } of out) {
      const build = this.#buildOf(candidate)
      const isHit = imagined.hitWithin(build, runs) > 0.5
      for (let run = 0; run < (isHit ? 1 : runs); run++) imagined.observe(build, isHit)
    }
    const series = this.#choose(imagined, costs)
    return series && this.#run(series.build, series.runs)
  }

  /** Probability of each candidate to be the first bad commit; with `goodEndFails()` they add up to 1. */
  posterior(): Float64Array {
    const posterior = new Float64Array(this.#candidates)
    this.#belief.posterior().forEach((probability, build) => {
      const candidate = this.#lineage.first[build] ?? goodEnd
      if (candidate !== goodEnd) posterior[candidate] = probability
    })
    return posterior
  }

  /** Probability that the good end is bad itself. */
  goodEndFails(): number {
    return this.#belief.posterior()[goodBuild] ?? 0
  }

  /** The fewest candidates that have the confidence together, likeliest first. */
  suspects(): Suspect[] {
    const suspects: Suspect[] = []
    this.posterior().forEach((probability, candidate) => suspects.push({ candidate, probability }))
    suspects.sort((left, right) => right.probability - left.probability || left.candidate - right.candidate)
    let sum = 0
    const end = suspects.findIndex(({ probability }) => (sum += probability) >= this.#options.confidence)
    return suspects.slice(0, end < 0 ? undefined : end + 1)
  }

  rate(): Rate {
    const weights = this.#belief.rates()
    return { mean: meanOf(weights), low: quantileOf(weights, 0.025), high: quantileOf(weights, 0.975) }
  }

  tally(candidate: number): Tally {
    return this.#tallyOf(this.#buildOf(candidate))
  }

  #doneReason(): DoneReason | null {
    const { badEnd } = this.#lineage
    const { hits, misses } = this.#tallyOf(badEnd)
    if (!this.#isTestable(badEnd)) return 'bad-end-unusable'
    if (hits === 0) return misses >= this.#options.badEndRuns ? 'bad-end-never-fails' : null
    const posterior = this.#belief.posterior()
    const confidence = 1 - (1 - this.#options.confidence) * doubtLeft
    if ((posterior[goodBuild] ?? 0) >= confidence) return 'good-end-fails'
    if (hasOneOf(posterior, confidence)) return 'confident'
    return this.#isUndecidable(posterior) ? 'nothing-left' : null
  }

  /** Whether commits that no run tells apart have the confidence together. */
  #isUndecidable(posterior: Float64Array): boolean {
    if (!this.#hasSkipped()) return false
    this.#alike ??= groupAlike(this.#lineage, (build) => this.#isTestable(build))
    const sums = this.#groupSums.fill(0)
    for (let build = 0; build < posterior.length; build++) {
      const group = this.#alike[build] ?? build
      sums[group] = (sums[group] ?? 0) + (posterior[build] ?? 0)
    }
    return hasOneOf(sums, 1 - (1 - this.#options.confidence) * doubtLeft)
  }

  #hasSkipped(): boolean {
    for (const build of this.#tallies.keys()) if (!this.#isTestable(build)) return true
    return false
  }

  #isTestable(build: number): boolean {
    const { hits, misses, nothing, unbuildable } = this.#tallyOf(build)
    return !unbuildable && nothing < patience * (1 + hits + misses)
  }

  #isReady(build: number, costs: Costs): boolean {
    return this.#isTestable(build) && Number.isFinite(costs.buildSeconds(this.#candidateOf(build)))
  }

  #choose(belief: Belief, costs: Costs): Series | undefined {
    const perBuild: SeriesCosts = {
      buildSeconds: (build) => costs.buildSeconds(this.#candidateOf(build)),
      runSeconds: costs.runSeconds,
    }
    const isReady = (build: number): boolean => this.#isReady(build, costs)
    return chooseSeries(belief, this.#lineage, perBuild, isReady, this.#sums)
  }

  #tallyOf(build: number): Tally {
    return this.#tallies.get(build) ?? untried
  }

  #buildOf(candidate: number): number {
    return this.#lineage.buildOf(candidate)
  }

  #candidateOf(build: number): number {
    return build === this.#lineage.badEnd ? this.#candidates - 1 : (this.#lineage.first[build] ?? goodEnd)
  }

  #run(build: number, runs: number): RunStep {
    return { kind: 'run', candidate: this.#candidateOf(build), runs }
  }
}

function hasOneOf(probabilities: Float64Array, least: number): boolean {
  for (const probability of probabilities) if (probability >= least) return true
  return false
}
