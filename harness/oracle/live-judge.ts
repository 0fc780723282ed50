import { CpuEnds } from '../decode/gap-bounds.js'
import type { TraceHead, TraceSlice } from '../decode/load-trace.js'
import { openCase, type Case, type JudgePapers } from './case.js'
import type { Accusation } from './findings.js'
import { converted, createJudge, stands } from './hearing.js'
import { ruleSet } from './rule-set.js'
import type { StreamJudge } from './stream-judge.js'
import { suppliesOf } from './supplies.js'

/** A live judge has nothing but the trace. */
const noPapers: JudgePapers = { console: '', isGuest: true, filecache: [], stressors: [] }

/**
 * Judges a trace that is still being written, and says what is certain already. What a rule only says of a whole trace is left to
 * the judgement at the end, as is what the console and the counters say.
 */
export class LiveJudge {
  readonly #head: TraceHead
  readonly #trial: Case
  readonly #judge: StreamJudge
  readonly #ends: CpuEnds
  readonly #known = new Set<string>()
  #pending: Accusation[] = []

  constructor(head: TraceHead) {
    this.#head = head
    this.#trial = openCase(head, noPapers)
    this.#judge = createJudge(this.#trial, noPapers, head, ruleSet)
    this.#ends = new CpuEnds(head.cpus)
  }

  /** @returns what has become certain with the next rows, each signature once */
  push(slice: TraceSlice): Accusation[] {
    const settledBefore = this.#ends.settled
    const lateBefore = this.#judge.lateGaps
    this.#judge.push(converted(this.#trial, slice))
    this.#ends.note(slice)
    // Events were missing where nobody knew it yet: what was said since then may be wrong, and is for the end to say.
    if (this.#judge.lateGaps > lateBefore)
      this.#pending = this.#pending.filter(({ seenAt }) => seenAt < settledBefore)
    for (const accusation of this.#judge.accusations) {
      if (this.#known.has(accusation.signature)) continue
      this.#known.add(accusation.signature)
      this.#pending.push(accusation)
    }
    return this.#takeCertain()
  }

  /** Behind an event of each CPU nobody can be told any more that events before it are missing. */
  #takeCertain(): Accusation[] {
    if (this.#pending.length === 0) return []
    const { settled } = this.#ends
    const supplies = suppliesOf(this.#trial, noPapers, this.#head, this.#judge)
    const certain = this.#pending.filter(
      (accusation) => accusation.seenAt < settled && stands(accusation, ruleSet, supplies),
    )
    this.#pending = this.#pending.filter((accusation) => !certain.includes(accusation))
    return certain
  }
}
