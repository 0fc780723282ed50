import { FileEvents } from '../decode/file-events.js'
import { findGaps, type Coverage, type Gap } from '../decode/gap-bounds.js'
import type { Trace } from '../decode/load-trace.js'
import { ModuleEvents } from '../decode/module-events.js'
import { asFileEvents } from '../decode/own-events.js'
import { readPhaseMarks, type PhaseMark } from '../decode/phase-marks.js'
import { messageOf } from '../fct-error.js'
import { moduleLines } from './console/module-lines.js'
import type { Splat } from './console/splat.js'
import { splitConsole } from './console/split-console.js'
import { countEvents as countForNfsd, type Counted } from './counted.js'
import { EvidenceWriter } from './evidence.js'
import type { FilecacheSample } from './filecache.js'
import { Findings, type Finding } from './findings.js'
import { flagMasks, type FlavourFeatures, type FlavourId } from './flavours/flavour.js'
import { featuresOf, flavours, probeFlavour, type ProbedFlavour } from './flavours/probe.js'
import type { Leftovers } from './leftovers.js'
import { LifeReader } from './life-reader.js'
import { isForOthers, whyNotApplied, type Supplies } from './needs.js'
import { codeOf, codes, tracepoints, type Tracepoint } from './operations.js'
import type { ObjectKey } from './object-life.js'
import type { PaperRule, Rule, TraceRule } from './rule.js'
import { isElsewhere } from './rules/console-splat.js'
import { ruleSet } from './rule-set.js'
import { TraceJudge } from './trace-judge.js'
import { recordedIn } from './without-identity.js'

/** Everything that a run leaves behind for judgement. */
export interface JudgeInput {
  /** null if the guest was gone before any of it came, or the file cannot be read. */
  readonly trace: Trace | null
  /** How much of what happened the trace holds: `whole` only if the ring buffer's own counters agree. */
  readonly coverage: Coverage
  /** What tells the flavour; without it the formats in the trace do. */
  readonly features?: FlavourFeatures
  /** The flavour, by somebody who knows it, instead of what is probed. */
  readonly flavour?: FlavourId
  /** All that the kernel printed, from power-on on. */
  readonly console: string
  /** The console is that of a guest of ours, which boots, and then takes the module in. */
  readonly isGuest?: boolean
  readonly filecache: readonly FilecacheSample[]
  /** Not there if the guest could not tell any more. */
  readonly leftovers?: Leftovers
  /** nfsd was stopped and started again: its counters began anew. */
  readonly wasRestarted?: boolean
  /** Names of the stressors that ran: some hide a defect from a rule. */
  readonly stressors: readonly string[]
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

/** Judges one run. Pure: the same input gives the same report, on any machine. */
export function judge(input: JudgeInput): OracleReport {
  const { supplies, features, trace } = gather(input)
  const splats = splitConsole(input.console)
  const reasons = ruleSet.map((rule) => ({ rule, reason: whyNotApplied(rule, supplies) }))
  const applied = reasons.filter(({ reason }) => reason === undefined).map(({ rule }) => rule)
  const findings = new Findings()
  const verdict = trace
    ? judgeEvents(trace, input.console, { supplies, features }, applied, findings)
    : undefined
  const heldByPages = mayBeHeldByPages(trace, supplies)
  const { filecache, leftovers } = input
  const counted = typeof supplies.counted === 'string' ? undefined : supplies.counted
  const bootedAt = input.isGuest === true ? (moduleLines(input.console)[0]?.stamp ?? Infinity) : 0
  const hasQuarantine = /KernelAddressSanitizer initialized/.test(input.console)
  const papers = {
    splats,
    hasQuarantine,
    bootedAt,
    filecache,
    leftovers,
    counted,
    quietMs: supplies.quietMs,
    heldByPages,
  }
  for (const rule of applied.filter(isPaperRule)) {
    for (const broken of rule.judge(papers)) findings.addOnPaper(rule.id, broken)
  }
  return {
    flavour: flavourOf(supplies.probed),
    key: typeof supplies.events === 'string' ? null : supplies.key,
    applied: applied.map(({ id }) => id),
    notApplied: reasons.flatMap(({ rule, reason }) =>
      reason === undefined
        ? []
        : [{ id: rule.id, kind: rule.kind, reason, isForOthers: isForOthers(rule, supplies) }],
    ),
    findings: findings.list(),
    notes: [...notesOnGc(applied, input.stressors), ...notesOnSplats(splats, bootedAt)],
    lives: {
      begun: verdict?.lives.begun ?? 0,
      ended: verdict?.lives.ended ?? 0,
      cutByGaps: verdict?.lives.cutByGaps ?? 0,
    },
    events: countEvents(verdict?.perOperation),
    gaps: supplies.gaps,
    phases: supplies.phases,
    splats,
  }
}

/** The lives that the input's trace shows, whether or not they are judged; undefined without events of an nfsd_file. */
export function livesOf(input: JudgeInput): LifeReader | undefined {
  const { supplies, features, trace } = gather(input)
  if (trace === null || typeof supplies.events === 'string') return undefined
  return readerOf(trace, input.console, { supplies, features })
}

/** What there is to judge by; `trace` has its events as the module writes them, whoever wrote them. */
interface Gathered {
  readonly supplies: Supplies
  readonly features: FlavourFeatures
  readonly trace: Trace | null
}

function gather(input: JudgeInput): Gathered {
  const features = input.features ?? featuresOf(input.trace?.types ?? [])
  const { trace, key } = withFileEvents(input.trace)
  const phases = trace ? readPhaseMarks(trace) : []
  const events = trace ? findEvents(trace) : 'there is no trace'
  const gaps = trace ? findGaps(trace, input.coverage) : []
  const supplies: Supplies = {
    probed: findFlavour(input.flavour, features),
    events,
    key,
    recorded: trace && typeof events !== 'string' ? recordedIn(events, trace.rows) : new Set(),
    counted:
      trace && typeof events !== 'string' && gaps.length === 0
        ? count(input, trace, events, phases)
        : 'events are missing',
    told: trace ? new ModuleEvents(trace).told : new Set(),
    clock: trace?.clock ?? '',
    raisedStamps: (trace?.perCpu ?? []).reduce((sum, { raised }) => sum + raised, 0),
    gaps,
    phases,
    quietMs: quietMsOf(phases),
    filecache: input.filecache,
    hasLeftovers: input.leftovers !== undefined,
    hasConsole: input.console.trim() !== '',
  }
  return { supplies, features, trace }
}

function withFileEvents(trace: Trace | null): { trace: Trace | null; key: ObjectKey } {
  const hasModule = trace?.types.some(({ system, name }) => system === 'fctorture' && name === 'fct_file')
  const own = trace !== null && hasModule !== true ? asFileEvents(trace) : undefined
  return own ? { trace: own, key: 'struct file' } : { trace, key: 'nfsd_file' }
}

/** Without the names of its flags no flavour can be judged, whoever knows it. */
function findFlavour(known: FlavourId | undefined, features: FlavourFeatures): ProbedFlavour {
  const flavour = flavours.find(({ id }) => id === known)
  return flavour && features.flags.size > 0 ? { flavour } : probeFlavour(features)
}

/** @returns Why the counters of nfsd cannot be compared. */
function count(
  { filecache, wasRestarted }: JudgeInput,
  trace: Trace,
  events: FileEvents,
  phases: readonly PhaseMark[],
): Counted | string {
  if (wasRestarted) return 'nfsd was restarted, and its counters with it'
  if (!filecache.some(({ phase }) => phase === 'start')) return 'the counters were not read before the load'
  return countForNfsd(trace, events, phases) ?? 'the trace does not tell when the load was'
}

function findEvents(trace: Trace): FileEvents | string {
  try {
    const events = FileEvents.over(trace, codeOf)
    if (!events) return 'the trace has no events that carry the nfsd_file pointer (fct_file)'
    return trace.rows.type.subarray(0, trace.rows.count).includes(events.type)
      ? events
      : 'the trace has no fct_file event'
  } catch (error) {
    return messageOf(error)
  }
}

/** Also where the trace cannot tell. Of any flavour: the event means the same in each. */
function mayBeHeldByPages(trace: Trace | null, { recorded, events, gaps }: Supplies): boolean {
  if (!trace || typeof events === 'string' || gaps.length > 0) return true
  return recorded.has(codes.nfsd_file_gc_writeback)
}

function quietMsOf(phases: readonly PhaseMark[]): number | null {
  const quiet = phases.find(({ phase }) => phase === 'quiet')
  const shutdown = phases.find(({ phase }) => phase === 'shutdown')
  return quiet && shutdown ? shutdown.ms - quiet.ms : null
}

function judgeEvents(
  trace: Trace,
  console: string,
  { supplies, features }: Omit<Gathered, 'trace'>,
  applied: readonly Rule[],
  findings: Findings,
): TraceJudge | undefined {
  const {
    probed: { flavour },
    events,
    phases,
    gaps,
  } = supplies
  if (!flavour || typeof events === 'string') return undefined
  const rules = applied.filter((rule): rule is TraceRule => !isPaperRule(rule))
  const writer = new EvidenceWriter(readerOf(trace, console, { supplies, features }))
  const judge = new TraceJudge(
    { trace, events, phases, gaps, flavour, flags: flagMasks(features), rules },
    findings,
    writer,
  )
  judge.run()
  return judge
}

function readerOf(
  trace: Trace,
  console: string,
  { supplies: { key, probed }, features }: Omit<Gathered, 'trace'>,
): LifeReader {
  // Without the module the clock is the ring buffer's, which counts from boot.
  const bootSecond = key === 'nfsd_file' ? moduleLoadSecond(console) : 0
  return new LifeReader(trace, { key, flavour: probed.flavour, flags: features.flags, bootSecond })
}

/**
 * The trace counts time from the module's load, the console from boot. The module prints each phase with its
 * own time, and the kernel says when it takes a module of ours in.
 */
function moduleLoadSecond(console: string): number {
  const lines = moduleLines(console)
  for (const { stamp, message } of lines) {
    const [, ms] = /^fctorture: phase \w+ ms=(\d+)/.exec(message) ?? []
    if (stamp !== null && ms !== undefined) return stamp - Number(ms) / 1000
  }
  return lines[0]?.stamp ?? 0
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

function countEvents(perOperation: Uint32Array | undefined): OracleReport['events'] {
  const counts = tracepoints.map((name) => [name, perOperation?.[codes[name]] ?? 0] as const)
  return {
    judged: perOperation?.reduce((sum, count) => sum + count, 0) ?? 0,
    perTracepoint: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  }
}
