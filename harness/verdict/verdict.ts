import type { OracleReport } from '../oracle/oracle.js'
import type { FctError } from '../fct-error.js'
import type {
  EventAccount,
  Reason,
  ResultDocument,
  StressorStats,
  VerdictExit,
  VerdictName,
} from './result.js'

/** How the guest's part of the run ended. */
export type GuestOutcome =
  | { readonly kind: 'ended' }
  /** It died of what was tested. */
  | { readonly kind: 'kernel-fault'; readonly message: string }
  | { readonly kind: 'target-lost'; readonly message: string }
  /** Its kernel says that it does not get on. */
  | { readonly kind: 'hung'; readonly message: string }
  | { readonly kind: 'timeout'; readonly message: string }
  /** Client threads hung in the kernel; what the console says of that is the oracle's. */
  | { readonly kind: 'load-stuck'; readonly message: string }
  /** A machine beside the target, with clients on it, is in trouble. */
  | { readonly kind: 'client-fault'; readonly code: `FCT_${string}`; readonly message: string }
  /** Our own doing: QEMU, disk space, a bug of fctorture. */
  | { readonly kind: 'infra-error'; readonly code: `FCT_${string}`; readonly message: string }

export interface VerdictInput {
  readonly oracle: OracleReport
  readonly events: EventAccount
  /** Empty if the guest was gone before it could tell. */
  readonly stressors: Readonly<Record<string, StressorStats>>
  readonly exposure: Readonly<Record<string, number>>
  /** What the scenario is for: without it a run that found nothing says nothing. */
  readonly required: {
    readonly stressors: readonly string[]
    /** What this kernel is not capable of. */
    readonly absent: readonly { readonly name: string; readonly reason: string }[]
    readonly pairs: readonly string[]
    /** Events of the trace, and disturbances: how often each has happened. */
    readonly happenings: Readonly<Record<string, number>>
  }
  readonly outcome: GuestOutcome
  /** What else speaks against a PASS. */
  readonly doubts?: readonly Reason[]
}

export interface Verdict {
  readonly verdict: VerdictName
  readonly exit: VerdictExit
  /** What decided comes first; what else was amiss follows. */
  readonly reasons: readonly Reason[]
}

/** The exit status of whoever judges. */
export const exits: Readonly<Record<VerdictName, VerdictExit>> = {
  PASS: 0,
  FAIL: 1,
  INCONCLUSIVE: 125,
  ERROR: 125,
}

/**
 * FAIL before ERROR before INCONCLUSIVE: a finding is one whatever else went wrong. Anything missing or lost
 * is no PASS.
 */
export function decideVerdict(input: VerdictInput): Verdict {
  const faults = faultsOf(input)
  const errors = errorsOf(input.outcome)
  const doubts = [
    ...doubtsOfOutcome(input.outcome),
    ...doubtsOfOracle(input.oracle),
    ...doubtsOfEvents(input.events),
    ...doubtsOfExposure(input),
    ...(input.doubts ?? []),
  ]
  const verdict =
    faults.length > 0 ? 'FAIL' : errors.length > 0 ? 'ERROR' : doubts.length > 0 ? 'INCONCLUSIVE' : 'PASS'
  // What our own failure left undone is no news beside it.
  const reasons = verdict === 'ERROR' ? errors : [...faults, ...errors, ...doubts]
  return { verdict, exit: exits[verdict], reasons }
}

/** The same, when it could not be kept: a finding is still one. */
export function spoiltBy({ code, message }: FctError, result: ResultDocument): ResultDocument {
  const reasons = [...result.reasons, { code, message }]
  if (result.verdict === 'FAIL') return { ...result, reasons }
  return { ...result, verdict: 'ERROR', exit: exits.ERROR, reasons: [{ code, message }] }
}

/** The same, when the machine was not what it should have been: nothing that it did is the kernel's. */
export function doubtedFor({ code, message }: FctError, result: ResultDocument): ResultDocument {
  return { ...result, verdict: 'ERROR', exit: exits.ERROR, reasons: [{ code, message }, ...result.reasons] }
}

function faultsOf({ oracle: { findings }, outcome }: VerdictInput): Reason[] {
  const faults: Reason[] = findings.map(({ signature, count }) => ({
    code: 'FCT_ORACLE_FINDING',
    message: count === 1 ? signature : `${signature} (${String(count)} times)`,
  }))
  if (outcome.kind === 'kernel-fault')
    faults.push({ code: 'FCT_GUEST_KERNEL_FAULT', message: outcome.message })
  return faults
}

function errorsOf(outcome: GuestOutcome): Reason[] {
  return outcome.kind === 'infra-error' ? [{ code: outcome.code, message: outcome.message }] : []
}

function doubtsOfOutcome(outcome: GuestOutcome): Reason[] {
  if (outcome.kind === 'target-lost') return [{ code: 'FCT_GUEST_LOST', message: outcome.message }]
  if (outcome.kind === 'hung') return [{ code: 'FCT_GUEST_HUNG', message: outcome.message }]
  if (outcome.kind === 'timeout') return [{ code: 'FCT_GUEST_TIMEOUT', message: outcome.message }]
  if (outcome.kind === 'client-fault') return [{ code: outcome.code, message: outcome.message }]
  if (outcome.kind === 'load-stuck') return [{ code: 'FCT_LOAD_STUCK', message: outcome.message }]
  return []
}

function doubtsOfOracle({ flavour, notApplied, gaps, lives }: OracleReport): Reason[] {
  const doubts: Reason[] = gaps.map(({ cpu, missed }) => ({
    code: 'FCT_ORACLE_GAP',
    message: `${describeGap(cpu, missed)}; ${cutShort(lives)}`,
  }))
  if (flavour.id === null) return [...doubts, { code: 'FCT_ORACLE_FLAVOUR', message: flavour.reason }]
  // A scenario may be too short for liveness, and have no counters to compare; it cannot do without safety.
  const isNeeded = ({ kind, isForOthers }: OracleReport['notApplied'][number]): boolean =>
    !isForOthers && (kind === 'safety' || kind === 'console')
  const amiss = notApplied.filter(isNeeded)
  for (const { id, reason } of amiss) {
    doubts.push({ code: 'FCT_ORACLE_NOT_APPLIED', message: `the rule ${id} could not be applied: ${reason}` })
  }
  return doubts
}

function describeGap(cpu: number | null, missed: number | null): string {
  const events = missed === null ? 'events' : `${String(missed)} events`
  return cpu === null
    ? `${events} are missing, nobody knows where`
    : `${events} of CPU ${String(cpu)} are missing`
}

function cutShort({ cutByGaps }: OracleReport['lives']): string {
  return `gaps made ${String(cutByGaps)} live object${cutByGaps === 1 ? '' : 's'} unknown`
}

function doubtsOfEvents({ produced, lost, unexplained }: EventAccount): Reason[] {
  if (produced === null || lost === null || unexplained === null) {
    return [
      { code: 'FCT_TRACE_UNACCOUNTED', message: 'the target could not say how many events it had produced' },
    ]
  }
  const doubts: Reason[] = []
  if (lost > 0)
    doubts.push({ code: 'FCT_TRACE_LOST', message: `${String(lost)} events were lost in the ring buffer` })
  if (unexplained !== 0) {
    doubts.push({
      code: 'FCT_TRACE_UNEXPLAINED',
      message: `${String(unexplained)} events are unaccounted for`,
    })
  }
  return doubts
}

function doubtsOfExposure({ required, stressors, exposure }: VerdictInput): Reason[] {
  const idle = required.stressors.filter((name) => (stressors[name]?.useful ?? 0) === 0)
  const missed = Object.entries(required.happenings).filter(([, times]) => times === 0)
  const shut = required.pairs.filter((pair) => (exposure[pair] ?? 0) === 0)
  return [
    ...required.absent.map(({ name, reason }): Reason => ({
      code: 'FCT_STRESSOR_ABSENT',
      message: `this kernel cannot have the stressor ${name}: ${reason}`,
    })),
    ...missed.map(([name]): Reason => ({
      code: 'FCT_EXPOSURE_NONE',
      message: `${name} never happened`,
    })),
    ...idle.map((name): Reason => ({
      code: 'FCT_STRESSOR_IDLE',
      message: `the stressor ${name} never found anything to do`,
    })),
    ...shut.map((pair): Reason => ({
      code: 'FCT_EXPOSURE_NONE',
      message: `the dangerous window ${pair} was never open`,
    })),
  ]
}
