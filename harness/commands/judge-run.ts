import { parseCapabilities, type Capabilities } from '../agent/capabilities.js'
import type { Progress } from '../agent/protocol.js'
import type { Coverage } from '../decode/gap-bounds.js'
import { TimelineBuilder, type EventTimeline } from '../decode/event-timeline.js'
import { TypeCounts } from '../decode/trace-account.js'
import { asFailure, type DriveEnd } from '../target/drive.js'
import { ClientFault } from '../target/client-fault.js'
import { KernelFault, TargetHung, TargetLost, TargetTimeout } from '../target/target.js'
import { moduleLines } from '../oracle/console/module-lines.js'
import { judge, judgeSource, type JudgePapers, type OracleReport } from '../oracle/oracle.js'
import type { RunPlan } from '../scenario/plan.js'
import { openSource } from '../store/run-trace.js'
import type { SpoolEnd } from '../store/trace-spool.js'
import { composeResult } from '../verdict/compose-result.js'
import type { EventAccount, ResultDocument, StressorStats } from '../verdict/result.js'
import { decideVerdict, type GuestOutcome, type VerdictInput } from '../verdict/verdict.js'
import { FctError } from '../fct-error.js'
import type { Aftermath } from './run-guest.js'

export interface Judgement {
  readonly result: ResultDocument
  readonly oracle: OracleReport
  /** null: the module told of no event. */
  readonly timeline: EventTimeline | null
}

/** Decodes what was stored and judges it. */
export async function judgeRun(
  plan: RunPlan,
  folder: string,
  aftermath: Aftermath,
  console: string,
): Promise<Judgement> {
  const { end } = aftermath
  const papers: JudgePapers = {
    console,
    isGuest: true,
    filecache: end.finished?.filecache ?? [],
    ...(end.finished && { leftovers: end.finished.leftovers }),
    stressors: Object.keys(plan.scenario.stressors),
    wasRestarted: plan.scenario.disturb.includes('restart'),
  }
  const { oracle, events, types, timeline = null, failure } = await judgeTrace(folder, aftermath, papers)
  const device = end.progress?.device
  const input: VerdictInput = {
    oracle,
    events,
    stressors: onlyPlanned(device?.stressors ?? {}, plan),
    exposure: onlyOpen(device?.exposure ?? {}),
    required: {
      ...requirements(plan.scenario, parseCapabilities(end.prepared?.capabilities ?? '')),
      happenings: {
        ...countEvents(types, plan.scenario.events),
        ...countDisturbances(plan.scenario.disturb, end.finished?.disturbances),
      },
    },
    outcome: outcomeOf(end, failure, moduleLines(console).length > 0),
  }
  const identity = identify(plan, folder, aftermath)
  return { result: composeResult(identity, input, decideVerdict(input), aftermath.live), oracle, timeline }
}

/** Parties of a rendezvous are counted as what they are, so a stressor that was not planned may have worked, too. */
function onlyPlanned(
  stressors: Readonly<Record<string, StressorStats>>,
  { scenario }: RunPlan,
): Record<string, StressorStats> {
  const kept = Object.entries(stressors).filter(([name, { called }]) => {
    return called > 0 || name in scenario.stressors
  })
  return Object.fromEntries(kept)
}

function onlyOpen(exposure: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(exposure).filter(([, windows]) => windows > 0))
}

function countEvents(types: TypeCounts | undefined, names: readonly string[]): Record<string, number> {
  const countAny = (any: string): number =>
    any.split('|').reduce((sum, name) => sum + (types?.countOf(name) ?? 0), 0)
  return Object.fromEntries(names.map((any) => [any, countAny(any)]))
}

function countDisturbances(
  names: readonly string[],
  counts: Readonly<Record<string, number>> = {},
): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, counts[name] ?? 0]))
}

/** What the run must have done; what this kernel cannot do is left out where the scenario says it may be. */
function requirements(
  { stressors, optional, exposure }: RunPlan['scenario'],
  { absent }: Capabilities,
): Omit<VerdictInput['required'], 'happenings'> {
  const isExcused = (name: string): boolean => absent.has(name) && optional.some((other) => other === name)
  const wanted = Object.keys(stressors).filter((name) => !isExcused(name))
  return {
    stressors: wanted.filter((name) => !absent.has(name)),
    absent: wanted.flatMap((name) => {
      const reason = absent.get(name)
      return reason === undefined ? [] : [{ name, reason }]
    }),
    pairs: exposure.filter((pair) => !pair.split('*').some(isExcused)),
  }
}

interface JudgedTrace {
  readonly oracle: OracleReport
  readonly events: EventAccount
  /** None of a trace that cannot be read. */
  readonly types?: TypeCounts
  readonly timeline?: EventTimeline | null
  readonly failure?: FctError
}

/** Judges the stored pages; what cannot be decoded is our failure, not the kernel's. */
async function judgeTrace(
  folder: string,
  { end, spool }: Aftermath,
  papers: JudgePapers,
): Promise<JudgedTrace> {
  const nothing = {
    oracle: judge({ trace: null, coverage: 'cut', ...papers }),
    events: accountFor(end.spool, 0),
  }
  if (spool === undefined) return nothing
  try {
    const unkept = await spool.assemble(end.finished?.cmdlines ?? '').then(() => undefined, asFailure)
    const source = await openSource(folder)
    const types = new TypeCounts(source.head.types)
    const timeline = new TimelineBuilder()
    let events = nothing.events
    const oracle = await judgeSource(source, papers, {
      beside: {
        push: (slice) => {
          types.push(slice)
          timeline.push(slice)
        },
      },
      coverageOf: ({ rows, gaps }) => {
        events = accountFor(end.spool, rows)
        return coverageOf(end.spool, events, gaps.length)
      },
    })
    return { oracle, events, types, timeline: timeline.finish(), ...(unkept && { failure: unkept }) }
  } catch (error) {
    return { ...nothing, failure: asFailure(error) }
  }
}

/** The ring buffers' own counters against what was decoded. Without the counters nothing is known of what is missing. */
export function accountFor(spool: SpoolEnd | undefined, read: number): EventAccount {
  if (spool === undefined || !spool.complete || spool.damage !== '') {
    return { produced: null, read, lost: null, unexplained: null }
  }
  const sum = { read: 0, lost: 0 }
  for (const { read: delivered, entries, overrun, commitOverrun, dropped } of spool.stats.values()) {
    sum.read += delivered
    sum.lost += entries + overrun + commitOverrun + dropped
  }
  return { produced: sum.read + sum.lost, read, lost: sum.lost, unexplained: sum.read - read }
}

/**
 * How much of what happened the trace holds. Without the counters the stream broke off: what came before is whole, since a
 * damaged stream is not read on. Events that were dropped without a mark in the pages may be missing anywhere.
 */
export function coverageOf(
  spool: SpoolEnd | undefined,
  { unexplained }: EventAccount,
  marks: number,
): Coverage {
  if (spool === undefined || unexplained === null) return 'cut'
  const all = [...spool.stats.values()]
  const isUnmarked = all.some(({ commitOverrun, dropped, overrun }) => {
    return commitOverrun + dropped > 0 || (overrun > 0 && marks === 0)
  })
  if (unexplained !== 0 || isUnmarked) return 'holed'
  return all.some(({ entries }) => entries > 0) ? 'cut' : 'whole'
}

/** Clients that met what neither a race nor a server in trouble explains did not do what the scenario is for. */
function failureOfLoad(progress: Progress | undefined): FctError | undefined {
  const unexpected = progress?.clients.unexpected ?? null
  if (unexpected === null) return undefined
  const { operation, code, syscall, file } = unexpected
  return new FctError(
    'FCT_LOAD_UNEXPECTED',
    `the clients' load ended with an error that nothing explains: ${code} from ${syscall}, in ${operation} of ${file}`,
  )
}

function outcomeOf(end: DriveEnd, unreadable: FctError | undefined, hasModule: boolean): GuestOutcome {
  const failure = end.failure ?? unreadable ?? failureOfLoad(end.progress)
  if (failure === undefined) return { kind: 'ended' }
  const message = failure.detail === '' ? failure.message : `${failure.message}\n${failure.detail}`
  // Before there was anything to test; if nfsd is to blame, the console names it, and that is a finding.
  const gaveUp = failure.code === 'FCT_AGENT_LOST' && end.prepared === undefined
  if ((failure instanceof KernelFault || gaveUp) && !hasModule)
    return { kind: 'infra-error', code: 'FCT_GUEST_BOOT', message }
  if (failure instanceof KernelFault) return { kind: 'kernel-fault', message }
  if (failure instanceof TargetHung) return { kind: 'hung', message }
  if (failure instanceof TargetTimeout) return { kind: 'timeout', message }
  if (failure instanceof TargetLost) return { kind: 'target-lost', message }
  if (failure instanceof ClientFault) return { kind: 'client-fault', code: failure.code, message }
  if (failure.code === 'FCT_LOAD_STUCK') return { kind: 'load-stuck', message }
  return { kind: 'infra-error', code: failure.code, message }
}

function identify(
  { scenario, seed, kernel: wanted, machine, pct }: RunPlan,
  run: string,
  { kernel, running, target, end }: Aftermath,
): Parameters<typeof composeResult>[0] {
  return {
    run,
    scenario: scenario.name,
    seed,
    kernel: {
      name: wanted.name,
      release: end.prepared?.release ?? kernel?.kernel.release ?? 'unknown',
      hash: kernel?.hash ?? running?.hash ?? 'unknown',
      profile: wanted.profile,
      patches: kernel?.patches ?? wanted.patches,
      build: kernel?.way ?? running?.build ?? null,
    },
    target: {
      kind: target?.kind ?? (machine === undefined ? 'qemu' : 'ssh'),
      accel: target?.accel ?? 'none',
    },
    guestSeconds: end.finished?.loadSeconds ?? end.progress?.seconds ?? 0,
    ...(pct && end.progress && { pct: { ...pct, ...end.progress.device.pct } }),
  }
}
