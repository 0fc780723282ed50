import jstat from 'jstat'
import type { Counts } from '../campaign/rate.js'
import type { Scenario } from '../scenario/scenario.js'
import { afterFailure, bestSet, unknown, type Part } from './probable.js'
import { reductionsOf, sizeOf, type Reduction } from './reductions.js'
import type { Outcome } from './run-outcome.js'
import { decide, type Answer, type TestPlan } from './sequential-test.js'

/** What the smallest scenario must still do. */
export interface Goal {
  /** The failure rate wanted; undefined: the one that the original is above with a probability of 90 %. */
  readonly rate?: number | undefined
  /** At rate / ratio and below, a scenario must not be taken. */
  readonly ratio: number
  /** The probability that the result is one of those, at the most. */
  readonly error: number
}

export type Phase = 'before' | 'smaller' | 'confirm'

/** One run that the search asks for. */
export interface Trial {
  readonly phase: Phase
  readonly scenario: Scenario
  /** Ids of the reductions that are tried, beside those that are taken already. */
  readonly tries: readonly string[]
}

/** `absent`: the original does not fail any more; `no verdict`: its runs come to none; `rarer`: not as often as wanted. */
export type Ending = 'confirmed' | 'unconfirmed' | 'absent' | 'no verdict' | 'rarer'

export interface Minimum {
  readonly ending: Ending
  readonly scenario: Scenario
  /** Ids of what was taken away, and of what is needed: tried alone, and the rate was too low. */
  readonly removed: readonly string[]
  readonly needed: readonly string[]
  /** Null if the original did not show it. */
  readonly wanted: number | null
  readonly before: Counts
  /** Of runs that had no part in the choice; null if nothing was taken away or there were none. */
  readonly after: Counts | null
  /** With those that came to no verdict. */
  readonly runs: Readonly<Record<Phase, number>>
}

/** The original runs until it has failed so often, which fixes its rate to about a half; or so many times. */
const hitsBefore = 5
const mostBefore = 60

/** So many runs in a row without a verdict, and a scenario is none. */
const mostNone = 5

/** Of the tests on the way: what they take by mistake the confirmation finds. */
const onTheWay = { falseAlarm: 0.1, falseAccept: 0.1 }
const falseAlarmAtEnd = 0.05

/** A rate so near to 1 that a single miss would decide is not asked for by ourselves. */
const highestWanted = 0.9

const zero: Counts = { hits: 0, trials: 0 }

/**
 * Searches the smallest scenario that still fails as often as wanted. Pure: the same outcomes in the same order ask for the same
 * runs, so that the outcomes are all there is to store.
 *
 * The original's rate is measured; sets of reductions are tried in an order by what they save on average, each decided by a
 * sequential test; what is left at the end is tested again, with runs of its own. If it is found too low, sets are taken back, the
 * last first, until the rest passes; then the search goes on from there. The k-th such test may err with probability
 * error / 2^k, all of them together with `error`.
 */
export class Minimiser {
  readonly #original: Scenario
  readonly #goal: Goal
  readonly #reductions: readonly Reduction[]
  readonly #runs = { before: 0, smaller: 0, confirm: 0 }
  #phase: Phase | 'ended' = 'before'
  #ending: Ending = 'unconfirmed'
  /** Sets that were taken, in this order. */
  readonly #taken: string[][] = []
  #chances: ReadonlyMap<string, number> = new Map()
  #tries: string[] = []
  #counts = zero
  #before = zero
  #noneInRow = 0
  #isLate = false
  /** Taken back since the last confirmation. */
  #takenBack: string[][] = []
  #confirmations = 0
  /** Of the confirmation that was passed last. */
  #after: Counts | null = null

  constructor(original: Scenario, goal: Goal) {
    this.#original = original
    this.#goal = goal
    this.#reductions = reductionsOf(original)
  }

  /** Undefined: it is over. */
  next(): Trial | undefined {
    const phase = this.#phase
    if (phase === 'ended') return undefined
    if (phase === 'before') return { phase, scenario: this.#original, tries: [] }
    return { phase, scenario: this.#with(this.#tries), tries: this.#tries }
  }

  observe(outcome: Outcome): void {
    if (this.#phase === 'ended') return
    this.#runs[this.#phase]++
    this.#noneInRow = outcome === 'none' ? this.#noneInRow + 1 : 0
    if (outcome !== 'none') {
      const { hits, trials } = this.#counts
      this.#counts = { hits: hits + (outcome === 'hit' ? 1 : 0), trials: trials + 1 }
    }
    if (this.#phase === 'before') this.#judgeOriginal()
    else if (this.#phase === 'smaller') this.#judgeTry()
    else this.#judgeResult()
  }

  /** Time is short: what there is is confirmed now. */
  hurry(): void {
    this.#isLate = true
    if (this.#phase === 'smaller') this.#confirm()
    else if (this.#phase === 'before') this.#end('unconfirmed')
  }

  /** There is time again, for a search that ended for the lack of it. */
  takeTime(): void {
    this.#isLate = false
    if (this.#phase !== 'ended' || this.#ending !== 'unconfirmed') return
    if (this.#before.hits >= hitsBefore || this.#before.trials >= mostBefore) this.#trySmaller()
    else this.#phase = 'before'
  }

  result(): Minimum {
    return {
      ending: this.#ending,
      scenario: this.#with([]),
      removed: this.#taken.flat(),
      needed: this.#parts().flatMap(({ id, needed }) => (needed === 1 ? [id] : [])),
      wanted: this.#before.hits > 0 ? this.#wanted() : null,
      before: this.#before,
      after: this.#ending === 'confirmed' ? this.#after : null,
      runs: { ...this.#runs },
    }
  }

  /** Of the original: until its rate is known. */
  #judgeOriginal(): void {
    this.#before = this.#counts
    const { hits, trials } = this.#counts
    if (this.#noneInRow >= mostNone) this.#end('no verdict')
    else if (hits < hitsBefore && trials < mostBefore) return
    else if (hits === 0) this.#end('absent')
    else if (this.#decide(onTheWay) === 'too low') this.#end('rarer')
    else this.#trySmaller()
  }

  #judgeTry(): void {
    const answer = this.#decide(onTheWay)
    if (answer === 'undecided') return
    if (answer === 'high enough') this.#taken.push(this.#tries)
    else this.#chances = afterFailure(this.#chances, this.#tries)
    this.#trySmaller()
  }

  #judgeResult(): void {
    const falseAccept = this.#goal.error / 2 ** this.#confirmations
    const answer = this.#decide({ falseAlarm: falseAlarmAtEnd, falseAccept })
    if (answer === 'undecided') return
    if (answer === 'high enough') {
      this.#after = this.#counts
      this.#goOn()
      return
    }
    const last = this.#taken.pop()
    if (last !== undefined) this.#takenBack.push(last)
    this.#confirm()
  }

  #trySmaller(): void {
    this.#tries = bestSet(this.#parts())
    if (this.#tries.length === 0) this.#confirm()
    else this.#start('smaller')
  }

  /** The original needs no confirmation: its rate is the one that was measured. */
  #confirm(): void {
    this.#tries = []
    this.#confirmations++
    if (this.#taken.length > 0) {
      this.#start('confirm')
      return
    }
    this.#after = null
    this.#goOn()
  }

  /** What is there is confirmed. Of sets that were taken back the last is to blame; the others have another chance. */
  #goOn(): void {
    const blamed = this.#takenBack.at(-1)
    this.#takenBack = []
    if (this.#isLate || blamed === undefined) {
      this.#end(this.#isLate && this.#taken.length === 0 ? 'unconfirmed' : 'confirmed')
      return
    }
    this.#chances = afterFailure(this.#chances, blamed)
    this.#trySmaller()
  }

  #start(phase: Phase): void {
    this.#phase = phase
    this.#counts = zero
    this.#noneInRow = 0
  }

  #end(ending: Ending): void {
    this.#phase = 'ended'
    this.#ending = ending
  }

  #decide(errors: Pick<TestPlan, 'falseAlarm' | 'falseAccept'>): Answer {
    if (this.#noneInRow >= mostNone) return 'too low'
    return decide(this.#counts, { wanted: this.#wanted(), ratio: this.#goal.ratio, ...errors })
  }

  #wanted(): number {
    if (this.#goal.rate !== undefined) return this.#goal.rate
    const { hits, trials } = this.#before
    return Math.min(highestWanted, jstat.jStat.ibetainv(0.1, hits + 0.5, trials - hits + 0.5))
  }

  #with(ids: readonly string[]): Scenario {
    const wanted = new Set([...this.#taken.flat(), ...ids])
    const smaller = this.#reductions
      .filter(({ id }) => wanted.has(id))
      .reduce((scenario, { apply }) => apply(scenario), this.#original)
    return withoutIdleWishes(smaller)
  }

  /** What can still be taken away. */
  #parts(): Part[] {
    const current = this.#with([])
    return this.#reductions
      .map(({ id, apply }) => ({
        id,
        saves: sizeOf(current) - sizeOf(apply(current)),
        needed: this.#chances.get(id) ?? unknown,
      }))
      .filter(({ saves }) => saves > 0)
  }
}

/** Nobody waits for what stressors do that are gone. */
function withoutIdleWishes(scenario: Scenario): Scenario {
  const isThere = (name: string): boolean => name in scenario.stressors
  return {
    ...scenario,
    optional: scenario.optional.filter(isThere),
    exposure: scenario.exposure.filter((pair) => pair.split('*').every(isThere)),
  }
}
