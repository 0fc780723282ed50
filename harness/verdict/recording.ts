import { unitOf } from '../decode/clock.js'
import type { Coverage } from '../decode/gap-bounds.js'
import type { TraceHead } from '../decode/load-trace.js'
import type { TraceAccount } from '../decode/trace-account.js'
import type { FilecacheSample } from '../oracle/filecache.js'
import type { Leftovers } from '../oracle/leftovers.js'
import type { OracleReport } from '../oracle/oracle.js'
import { toResultFinding } from './compose-result.js'
import { upperBound } from './exposure-bound.js'
import type { EventAccount, Reason, ResultDocument, ResultFinding } from './result.js'
import { decideVerdict, type GuestOutcome, type VerdictInput } from './verdict.js'

/** What a run left beside its trace. */
export interface RunPapers {
  readonly scenario: string
  readonly seed: string
  /** The command that repeats the run; runs of older releases have none. */
  readonly repeat: string | undefined
  readonly stressors: readonly string[]
  readonly filecache: readonly FilecacheSample[]
  readonly leftovers?: Leftovers
  /** nfsd was, and its counters with it. */
  readonly wasRestarted: boolean
  /** verdict.json; null if the run did not come so far. */
  readonly result: Pick<
    ResultDocument,
    'verdict' | 'events' | 'stressors' | 'exposure' | 'reasons' | 'kernel'
  > | null
}

/** `fctorture check --json`: a recording, judged. */
export interface CheckDocument {
  readonly schema: 1
  readonly verdict: ResultDocument['verdict']
  readonly exit: ResultDocument['exit']
  readonly file: string
  /** Null if the recording is not that of a run folder. */
  readonly run: Pick<RunPapers, 'scenario' | 'seed'> | null
  readonly flavour: OracleReport['flavour']
  /** What the events tell of an object: `nfsd_file`, or only its `struct file`; null without events. */
  readonly key: OracleReport['key']
  readonly clock: string
  readonly events: EventAccount & OracleReport['events']
  /** `bound`: the failure rate per whole life that a PASS leaves open, at 95 %. */
  readonly lives: OracleReport['lives'] & { readonly bound: number }
  readonly exposure: ResultDocument['exposure']
  readonly rules: ResultDocument['rules']
  readonly findings: readonly CheckFinding[]
  readonly reasons: readonly Reason[]
}

export interface CheckFinding extends Omit<ResultFinding, 'firstGuestSecond'> {
  /** Null where the trace's clock counts no time. */
  readonly firstGuestSecond: number | null
}

/** By the run's account, or by the ring buffer's counters in the file; nulls if there are neither. */
export function accountOf(
  { ringStats, rows: read }: Pick<TraceHead, 'ringStats'> & Pick<TraceAccount, 'rows'>,
  papers: RunPapers | null,
): EventAccount {
  if (papers !== null) {
    return { ...(papers.result?.events ?? { produced: null, lost: null, unexplained: null }), read }
  }
  const rings = ringStats.filter((ring) => ring !== null)
  if (rings.length === 0 || rings.length < ringStats.length)
    return { produced: null, read, lost: null, unexplained: null }
  const lost = rings.reduce(
    (sum, { overrun, commitOverrun, dropped }) => sum + overrun + commitOverrun + dropped,
    0,
  )
  const produced = rings.reduce((sum, ring) => sum + ring.read + ring.entries, lost)
  return { produced, read, lost, unexplained: produced - lost - read }
}

/** Whole if everything that was lost is marked in the pages, so that the place is known. */
export function coverageOf(
  { gaps }: Pick<TraceAccount, 'gaps'>,
  { lost, unexplained }: EventAccount,
): Coverage {
  if (lost === null || unexplained === null) return 'cut'
  const marked = gaps.reduce((sum, { missed }) => sum + (missed ?? 0), 0)
  return unexplained === 0 && lost === marked ? 'whole' : 'holed'
}

/** A recording and what the oracle says of it. */
export interface Judged {
  readonly file: string
  readonly head: TraceHead
  readonly papers: RunPapers | null
  readonly account: EventAccount
  readonly oracle: OracleReport
}

export function composeCheck({ file, head, papers, account, oracle }: Judged): CheckDocument {
  const input: VerdictInput = {
    oracle,
    events: account,
    stressors: papers?.result?.stressors ?? {},
    exposure: papers?.result?.exposure ?? {},
    required: { stressors: [], absent: [], pairs: [], happenings: {} },
    outcome: outcomeOf(papers),
    doubts: [...doubtsOfSize(oracle), ...doubtsOfRun(papers)],
  }
  const { verdict, exit, reasons } = decideVerdict(input)
  const hasTime = oracle.key !== 'struct file' || unitOf(head) === 'ns'
  return {
    schema: 1,
    verdict,
    exit,
    file,
    run: papers && { scenario: papers.scenario, seed: papers.seed },
    flavour: oracle.flavour,
    key: oracle.key,
    clock: head.clock,
    events: { ...account, ...oracle.events },
    lives: { ...oracle.lives, bound: upperBound(oracle.lives.ended) },
    exposure: input.exposure,
    rules: {
      applied: oracle.applied,
      notApplied: oracle.notApplied.map(({ id, reason }) => ({ id, reason })),
    },
    findings: oracle.findings.map((finding) => ({
      ...toResultFinding(finding),
      firstGuestSecond: finding.life === undefined || hasTime ? finding.firstGuestSecond : null,
    })),
    reasons,
  }
}

/** A trace in which nothing has lived and died shows nothing, whatever rules were applied to it. */
function doubtsOfSize({ flavour, key, events, lives }: OracleReport): Reason[] {
  // Of an unknown flavour nothing is judged; that is said elsewhere.
  if (flavour.id === null) return []
  if (events.judged > 0 && (key !== 'nfsd_file' || lives.ended > 0)) return []
  const message =
    events.judged === 0
      ? 'the trace has no event that could be judged'
      : 'the trace does not show one whole life of an nfsd_file, from nfsd_file_alloc to nfsd_file_free'
  return [{ code: 'FCT_CHECK_TOO_LITTLE', message }]
}

/** What the run itself missed: it is not in the trace, and no second look at the trace mends it. */
function doubtsOfRun(papers: RunPapers | null): Reason[] {
  if (papers === null) return []
  if (papers.result === null)
    return [{ code: 'FCT_CHECK_UNFINISHED', message: 'the run did not come to its end' }]
  return papers.result.reasons.filter(({ code }) => /^FCT_(STRESSOR|EXPOSURE)_/.test(code))
}

const outcomes = {
  FCT_GUEST_KERNEL_FAULT: 'kernel-fault',
  FCT_GUEST_LOST: 'target-lost',
  FCT_GUEST_TIMEOUT: 'timeout',
  FCT_LOAD_STUCK: 'load-stuck',
} as const

/** As the run's own verdict has it. */
function outcomeOf(papers: RunPapers | null): GuestOutcome {
  const { verdict, reasons = [] } = papers?.result ?? {}
  for (const { code, message } of reasons) {
    if (code in outcomes) return { kind: outcomes[code as keyof typeof outcomes], message }
  }
  const [first] = reasons
  return verdict === 'ERROR' && first ? { kind: 'infra-error', ...first } : { kind: 'ended' }
}
