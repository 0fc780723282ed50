import { ExcerptWriter, ObjectFinder, type Excerpt } from '../decode/excerpt.js'
import type { Coverage, Gap } from '../decode/gap-bounds.js'
import { FileEvents } from '../decode/file-events.js'
import { noRowsOf, type Trace, type TraceHead, type TraceSlice } from '../decode/load-trace.js'
import { ModuleEvents } from '../decode/module-events.js'
import { TraceAccount } from '../decode/trace-account.js'
import type { TraceSource } from '../decode/trace-source.js'
import { openCase, type Case, type JudgePapers } from './case.js'
import type { Accusation } from './findings.js'
import { whyNotApplied, type Supplies } from './needs.js'
import { codeOf } from './operations.js'
import type { Rule, TraceRule } from './rule.js'
import { StreamJudge } from './stream-judge.js'
import { suppliesAtBest, suppliesOf } from './supplies.js'

/** Is shown a trace from front to back. */
export interface Listener {
  push(slice: TraceSlice): void
}

/** What needs to be shown the trace, once for each listener that it gives, to come to its result. */
export type Passes<Result> = Generator<Listener, Result, undefined>

/** How a trace is heard. */
export interface HearingOptions {
  readonly rules: readonly Rule[]
  /** Asked once the trace has been read. */
  readonly coverageOf: (account: TraceAccount) => Coverage
  /** Is shown all of it, too, once. */
  readonly beside?: Listener
}

/** What rules say of a trace, and what they could say it by. */
export interface Hearing {
  readonly supplies: Supplies
  readonly judge: StreamJudge
  /** Of applied rules; what was found before it turned out that one does not apply is dropped. */
  readonly accusations: readonly Accusation[]
  /** The events of the objects accused; none if nobody is. */
  readonly excerpt: Excerpt | undefined
}

/**
 * Judges a trace in one pass, if all of it was there. Where it turns out that events are missing, it is judged once more by
 * one who knows where. Evidence is read in two more, which a trace without findings does not need.
 */
export function* hear(head: TraceHead, papers: JudgePapers, options: HearingOptions): Passes<Hearing> {
  const trial = openCase(head, papers)
  const account = new TraceAccount(head.cpus)
  let judge = createJudge(trial, papers, head, options.rules)
  yield {
    push: (slice) => {
      account.push(slice)
      options.beside?.push(slice)
      judge.push(converted(trial, slice))
    },
  }
  const ends = account.ends.gapsOf(options.coverageOf(account))
  if (judge.isMisled || ends.length > 0) {
    judge = createJudge(trial, papers, head, options.rules, { ends, marks: account.gaps })
    yield { push: (slice) => judge.push(converted(trial, slice)) }
  }
  judge.end()
  const supplies = suppliesOf(trial, papers, head, judge)
  const accusations = judge.accusations.filter((accusation) => stands(accusation, options.rules, supplies))
  const rows = accusations.map(({ row }) => row)
  const excerpt = rows.length > 0 ? yield* takeOut(trial, new ObjectFinder(rows)) : undefined
  return { supplies, judge, accusations, excerpt }
}

/** All events of some objects. */
export function* takeOut(trial: Case, finder: ObjectFinder): Passes<Excerpt> {
  yield { push: (slice) => finder.push(converted(trial, slice)) }
  const writer = new ExcerptWriter(finder.found)
  yield { push: (slice) => writer.push(converted(trial, slice)) }
  return writer.finish()
}

/** Whether an accusation's rule applies, and the trace tells what it is given on. */
export function stands(
  { rule: id, broken: { given } }: Accusation,
  rules: readonly Rule[],
  supplies: Supplies,
): boolean {
  const rule = rules.find((other) => other.id === id)
  const applies = rule !== undefined && whyNotApplied(rule, supplies) === undefined
  return applies && (given === undefined || supplies.told.has(given))
}

/** One who has all rules that may turn out to apply. */
export function createJudge(
  trial: Case,
  papers: JudgePapers,
  head: TraceHead,
  rules: readonly Rule[],
  known: { readonly ends: readonly Gap[]; readonly marks?: Trace['gaps'] } = { ends: [] },
): StreamJudge {
  const nothing = converted(trial, noRowsOf(head.types))
  const views = { events: openEvents(nothing), told: new ModuleEvents(nothing) }
  const atBest = suppliesAtBest(trial, papers, head, views)
  const hopeful = rules.filter(isTraceRule).filter((rule) => whyNotApplied(rule, atBest) === undefined)
  return new StreamJudge({ ...trial, ...views, ...known, rules: hopeful })
}

function openEvents(slice: TraceSlice): FileEvents | string {
  return (
    FileEvents.over(slice, codeOf) ?? 'the trace has no events that carry the nfsd_file pointer (fct_file)'
  )
}

function isTraceRule(rule: Rule): rule is TraceRule {
  return rule.flavours !== 'any'
}

/** As the module writes events, whoever wrote them. */
export function converted({ own }: Case, slice: TraceSlice): TraceSlice {
  return own ? own.convert(slice) : slice
}

/** Shows a trace that is in memory. */
export function hearAtOnce<Result>(trace: Trace, passes: Passes<Result>): Result {
  for (;;) {
    const next = passes.next()
    if (next.done === true) return next.value
    next.value.push(trace)
  }
}

/** Shows a trace slice by slice. */
export async function hearOut<Result>(source: TraceSource, passes: Passes<Result>): Promise<Result> {
  for (;;) {
    const next = passes.next()
    if (next.done === true) return next.value
    for await (const slice of source.read()) next.value.push(slice)
  }
}
