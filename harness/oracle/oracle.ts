import type { Coverage, Gap } from '../decode/gap-bounds.js'
import type { Trace } from '../decode/load-trace.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { ObjectFinder } from '../decode/excerpt.js'
import type { TraceSource } from '../decode/trace-source.js'
import { lifeContext, openCase, type Case, type JudgePapers } from './case.js'
import { moduleLines } from './console/module-lines.js'
import type { Splat } from './console/splat.js'
import { splitConsole } from './console/split-console.js'
import { EvidenceWriter } from './evidence.js'
import { Findings, type Finding } from './findings.js'
import type { ProbedFlavour } from './flavours/probe.js'
import { hear, hearAtOnce, hearOut, takeOut, type Hearing, type HearingOptions } from './hearing.js'
import { LifeReader } from './life-reader.js'
import { isForOthers, whyNotApplied, type Supplies } from './needs.js'
import { codes, type Tracepoint } from './operations.js'
import type { ObjectKey } from './object-life.js'
import type { PaperRule, Papers, Rule } from './rule.js'
import { isElsewhere } from './rules/console-splat.js'
import { ruleSet } from './rule-set.js'
import { suppliesOnPaper } from './supplies.js'

export type { JudgePapers }

/** Everything that a run leaves behind for judgement. */
export interface JudgeInput extends JudgePapers {
  /** null if the guest was gone before any of it came, or the file cannot be read. */
  readonly trace: Trace | null
  /** How much of what happened the trace holds: `whole` only if the ring buffer's own counters agree. */
  readonly coverage: Coverage
}

export interface OracleReport {
  /** Id of the kernel's flavour; null with the reason if it is not known. */
  readonly flavour:
    { readonly id: string; readonly title: string } | { readonly id: null; readonly reason: string }
  /** What the events tell of an object; null without events. */
  readonly key: ObjectKey | null
  readonly applied: readonly string[]
  readonly notApplied: readonly {
    readonly id: string
    readonly kind: Rule['kind']
    readonly reason: string
    /** It would not be sound in this flavour of the file cache: nothing is missing. */
    readonly isForOthers: boolean
  }[]
  /** In the order of their first appearance. */
  readonly findings: readonly Finding[]
  /** What bears on how much an applied rule could see. */
  readonly notes: readonly { readonly id: string; readonly note: string }[]
  readonly lives: { readonly begun: number; readonly ended: number; readonly cutByGaps: number }
  readonly events: {
    readonly judged: number
    readonly perTracepoint: Readonly<Partial<Record<Tracepoint, number>>>
  }
  readonly gaps: readonly Gap[]
  readonly phases: readonly PhaseMark[]
  readonly splats: readonly Splat[]
}

/**
 * Judges one run whose trace is in memory, if there is one. Pure: the same input gives the same report, on any machine.
 *
 * @param rules Other rules than all there are.
 */
export function judge({ trace, coverage, ...papers }: JudgeInput, rules = ruleSet): OracleReport {
  if (trace === null) return conclude(papers, rules, openCase(null, papers))
  const hearing = hearAtOnce(trace, hear(trace, papers, { rules, coverageOf: () => coverage }))
  return conclude(papers, rules, openCase(trace, papers), { head: trace, hearing })
}

/**
 * Judges one run whose trace is read from front to back, once if nothing is missing or found. Memory is that of the objects, and
 * of a batch.
 *
 * @throws Error as readTrace().
 */
export async function judgeSource(
  source: TraceSource,
  papers: JudgePapers,
  options: Omit<HearingOptions, 'rules'>,
): Promise<OracleReport> {
  const { head } = source
  const hearing = await hearOut(source, hear(head, papers, { rules: ruleSet, ...options }))
  return conclude(papers, ruleSet, openCase(head, papers), { head, hearing })
}

/** The lives of the objects that some rows are of, or that are at some addresses. */
export async function readLives(
  source: TraceSource,
  papers: JudgePapers,
  { rows = [], addresses = [] }: { readonly rows?: Iterable<number>; readonly addresses?: Iterable<bigint> },
): Promise<LifeReader> {
  const trial = openCase(source.head, papers)
  const excerpt = await hearOut(source, takeOut(trial, new ObjectFinder(rows, addresses)))
  return new LifeReader(source.head, excerpt, lifeContext(trial, papers))
}

interface Heard {
  readonly head: TraceSource['head']
  readonly hearing: Hearing
}

function conclude(papers: JudgePapers, rules: readonly Rule[], trial: Case, heard?: Heard): OracleReport {
  const { judge, supplies = suppliesOnPaper(trial, papers) } = heard?.hearing ?? {}
  const splats = splitConsole(papers.console)
  const reasons = rules.map((rule) => ({ rule, reason: whyNotApplied(rule, supplies) }))
  const applied = reasons.filter(({ reason }) => reason === undefined).map(({ rule }) => rule)
  const findings = new Findings()
  if (heard) prove(heard, lifeContext(trial, papers), findings)
  const presented = present(papers, supplies, splats)
  for (const rule of applied.filter(isPaperRule))
    for (const broken of rule.judge(presented)) findings.addOnPaper(rule.id, broken)
  return {
    flavour: flavourOf(trial.probed),
    key: typeof supplies.events === 'string' ? null : supplies.key,
    applied: applied.map(({ id }) => id),
    notApplied: reasons.flatMap(({ rule, reason }) =>
      reason === undefined
        ? []
        : [{ id: rule.id, kind: rule.kind, reason, isForOthers: isForOthers(rule, supplies) }],
    ),
    findings: findings.list(),
    notes: [...notesOnGc(applied, papers.stressors), ...notesOnSplats(splats, presented.bootedAt)],
    lives: { begun: 0, ended: 0, cutByGaps: 0, ...judge?.lives },
    events: judge?.counts ?? { judged: 0, perTracepoint: {} },
    gaps: supplies.gaps,
    phases: supplies.phases,
    splats,
  }
}

/** Each accusation with the life of the object. */
function prove(
  { head, hearing: { accusations, excerpt } }: Heard,
  context: ReturnType<typeof lifeContext>,
  findings: Findings,
): void {
  if (!excerpt) return
  const writer = new EvidenceWriter(new LifeReader(head, excerpt, context))
  for (const accusation of accusations) findings.add(accusation, writer)
}

/** What rules look at that are not over events. */
function present(papers: JudgePapers, supplies: Supplies, splats: readonly Splat[]): Papers {
  const { console, filecache, leftovers } = papers
  return {
    splats,
    hasQuarantine: /KernelAddressSanitizer initialized/.test(console),
    bootedAt: papers.isGuest === true ? (moduleLines(console)[0]?.stamp ?? Infinity) : 0,
    filecache,
    leftovers,
    counted: typeof supplies.counted === 'string' ? undefined : supplies.counted,
    quietMs: supplies.quietMs,
    heldByPages: mayBeHeldByPages(supplies),
  }
}

/** Also where the trace cannot tell. Of any flavour: the event means the same in each. */
function mayBeHeldByPages({ recorded, events, gaps }: Supplies): boolean {
  if (typeof events === 'string' || gaps.length > 0) return true
  return recorded.has(codes.nfsd_file_gc_writeback)
}

function isPaperRule(rule: Rule): rule is PaperRule {
  return rule.flavours === 'any'
}

function flavourOf({ flavour, reason }: ProbedFlavour): OracleReport['flavour'] {
  return flavour ? { id: flavour.id, title: flavour.title } : { id: null, reason }
}

type Notes = { id: string; note: string }[]

function notesOnGc(applied: readonly Rule[], stressors: readonly string[]): Notes {
  const isApplied = applied.some(({ id }) => id === 'idle-disposed')
  if (!isApplied || !stressors.includes('gc')) return []
  const note =
    'the gc stressor re-arms the laundrette, so this run would not show a laundrette that nobody schedules'
  return [{ id: 'idle-disposed', note }]
}

function notesOnSplats(splats: readonly Splat[], bootedAt: number): Notes {
  const count = splats.filter((splat) => isElsewhere(splat, bootedAt)).length
  if (count === 0) return []
  const note = `${String(count)} reports of the kernel that do not name nfsd are no findings; report.html shows them`
  return [{ id: 'console-splat', note }]
}
