import { add, findChange, nothing, type ChangePoint } from './change-point.js'
import { chanceOfNone, rateOf, runsToExclude, type Counts, type Rate } from './rate.js'

/**
 * - `new`: never seen before in this cell; `back`: was gone.
 * - `worse`, `better`: the rate changed; told once, then the new rate is what is compared with.
 * - `flaky`: in some runs, at an unchanged rate; `constant`: in every run since that rate began.
 * - `unseen`: not tonight, and the runs are too few to say more; `gone`: not, in enough runs to exclude the former rate.
 */
export type SeriesKind = 'new' | 'back' | 'worse' | 'better' | 'flaky' | 'constant' | 'unseen' | 'gone'

/** Of one thing in one cell. Nights are indices. */
export interface SeriesJudgement {
  readonly kind: SeriesKind
  /** It was not so, or not known, the night before. */
  readonly isNews: boolean
  readonly tonight: Rate
  /**
   * Of `new`: all runs before; of `flaky` and `constant`: those at the rate that holds, without tonight's; else the rate that ended.
   * Null if there were no runs.
   */
  readonly before: Rate | null
  /** Of `unseen` and `gone`: runs since it was seen, and how many exclude the former rate. */
  readonly absence: { readonly runs: number; readonly needed: number } | null
  /** Of `worse` and `better`: the first night of the new rate, and that rate. */
  readonly change: { readonly since: number; readonly rate: Rate } | null
  readonly firstSeen: number
  readonly lastSeen: number
}

/**
 * A former rate is excluded when so many misses have less than this probability at it. A steady series has a gap after each hit,
 * so this errs once in a thousand gaps.
 */
const exclusionLevel = 0.001

/** A change is told from this probability on. test/harness/campaign/judge-series.test.ts has how often that errs, and how soon it tells. */
const alarmProbability = 0.99

/** What is known after some nights. */
interface Memory {
  state: 'never' | 'present' | 'gone'
  /** The first night of the rate that holds. */
  regime: number
  /** Of what is gone: the rate that ended. */
  former: Counts
  firstSeen: number
  lastSeen: number
}

type Told = Pick<SeriesJudgement, 'kind' | 'isNews'> &
  Partial<Pick<SeriesJudgement, 'change'>> & {
    readonly before: Counts
    /** Runs since it was seen. */
    readonly missed?: number
  }

/** Judges the last night against those before, in their order. Null if it was never seen. */
export function judgeSeries(nights: readonly Counts[]): SeriesJudgement | null {
  const memory: Memory = { state: 'never', regime: 0, former: nothing, firstSeen: -1, lastSeen: -1 }
  let told: Told | null = null
  for (const [night, { hits }] of nights.entries()) {
    if (hits > 0) told = judgeHit(memory, nights, night)
    else if (memory.state !== 'never') told = judgeMiss(memory, nights, night)
  }
  const tonight = nights.at(-1)
  if (told === null || tonight === undefined) return null
  const { kind, isNews, before, missed, change = null } = told
  const needed = runsToExclude(before, exclusionLevel)
  return {
    kind,
    isNews,
    tonight: rateOf(tonight),
    before: before.trials > 0 ? rateOf(before) : null,
    absence: missed === undefined ? null : { runs: missed, needed },
    change,
    firstSeen: memory.firstSeen,
    lastSeen: memory.lastSeen,
  }
}

function judgeHit(memory: Memory, nights: readonly Counts[], night: number): Told {
  const { state, regime } = memory
  const change = findChange(nights.slice(regime, night + 1))
  const isAlarm = change !== null && change.probability >= alarmProbability
  if (isAlarm) memory.regime = regime + change.at
  memory.state = 'present'
  memory.lastSeen = night
  if (state === 'never') {
    memory.firstSeen = night
    return { kind: 'new', isNews: true, before: sum(nights, 0, night) }
  }
  if (state === 'gone') return { kind: 'back', isNews: true, before: memory.former }
  if (isAlarm) return tellChange(change, memory.regime)
  const { hits, trials } = sum(nights, regime, night + 1)
  const kind = hits === trials ? 'constant' : 'flaky'
  return { kind, isNews: false, before: sum(nights, regime, night) }
}

function tellChange({ before, after }: ChangePoint, since: number): Told {
  const isUp = after.hits * before.trials > before.hits * after.trials
  return { kind: isUp ? 'worse' : 'better', isNews: true, before, change: { since, rate: rateOf(after) } }
}

function judgeMiss(memory: Memory, nights: readonly Counts[], night: number): Told {
  const missed = sum(nights, memory.lastSeen + 1, night + 1).trials
  if (memory.state === 'gone') return { kind: 'gone', isNews: false, before: memory.former, missed }
  const before = sum(nights, memory.regime, memory.lastSeen + 1)
  if (chanceOfNone(before, missed) > exclusionLevel) return { kind: 'unseen', isNews: false, before, missed }
  memory.state = 'gone'
  memory.former = before
  memory.regime = memory.lastSeen + 1
  return { kind: 'gone', isNews: true, before, missed }
}

function sum(nights: readonly Counts[], from: number, to: number): Counts {
  return nights.slice(from, to).reduce(add, nothing)
}
