import type { Finding } from '../oracle/findings.js'
import type { KernelIdentity, ResultDocument, ResultFinding, TargetIdentity } from './result.js'
import type { Verdict, VerdictInput } from './verdict.js'

/** What identifies a run, beside what was judged. */
export interface RunIdentity {
  /** Run folder. */
  readonly run: string
  readonly scenario: string
  readonly seed: number
  /** The flavour is the oracle's to say. */
  readonly kernel: Omit<KernelIdentity, 'flavour'>
  readonly target: TargetIdentity
  readonly guestSeconds: number
  readonly pct?: ResultDocument['pct']
}

/** What was said while the run went on. */
export interface LiveReport {
  /** Seconds after the load was asked for, by signature. */
  readonly seconds: ReadonlyMap<string, number>
  /** Why it ended before the run; null if it did not. */
  readonly gaveUp: string | null
}

export function composeResult(
  identity: RunIdentity,
  input: VerdictInput,
  verdict: Verdict,
  live: LiveReport,
): ResultDocument {
  const { run, scenario, seed, kernel, target, guestSeconds, pct } = identity
  const { oracle, events, stressors, exposure } = input
  return {
    schema: 1,
    verdict: verdict.verdict,
    exit: verdict.exit,
    run,
    scenario,
    seed,
    kernel: { ...kernel, flavour: oracle.flavour.id ?? 'unknown' },
    target,
    guestSeconds,
    events,
    stressors,
    exposure,
    rules: {
      applied: oracle.applied,
      notApplied: oracle.notApplied.map(({ id, reason }) => ({ id, reason })),
    },
    findings: oracle.findings.map((finding) => withLiveSecond(toResultFinding(finding), live)),
    ...(pct && { pct }),
    live: { gaveUp: live.gaveUp, withdrawn: withdrawn(oracle, live) },
    reasons: verdict.reasons,
  }
}

function withLiveSecond(finding: ResultFinding, { seconds }: LiveReport): ResultFinding {
  const liveSecond = seconds.get(finding.signature)
  return liveSecond === undefined ? finding : { ...finding, liveSecond }
}

function withdrawn({ findings }: VerdictInput['oracle'], { seconds }: LiveReport): string[] {
  return [...seconds.keys()].filter((told) => !findings.some(({ signature }) => signature === told))
}

/** Of the object's life only its name: report.html shows the life, `fctorture check --explain` reads it again. */
export function toResultFinding({ life, ...finding }: Finding): ResultFinding {
  return life ? { ...finding, object: life.object } : finding
}
