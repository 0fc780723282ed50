import type { ResultDocument } from '../verdict/result.js'
import { loadSecondOf, secondsOfLoad, type Attempt } from './attempt.js'
import type { SelftestCase } from './cases.js'
import { rateOf, type DetectionRate } from './rate.js'

/** What became of one defect. */
export interface CaseOutcome {
  readonly id: string
  readonly scenario: string
  readonly expected: readonly string[]
  /** Rules that fired in any of the runs. */
  readonly fired: readonly string[]
  /** Those among them that this defect cannot break. */
  readonly unexplained: readonly string[]
  /** `error`: not caught, and the last run has no verdict. */
  readonly outcome: 'caught' | 'missed' | 'error'
  /** Seconds of load until it was found, those of runs that did not find it included; null if it was not. */
  readonly secondsToDetection: number | null
  readonly rate: DetectionRate
  /** Under the load of clients alone; null if that was not tried. */
  readonly alone: DetectionRate | null
  readonly reasons: readonly string[]
  readonly runs: readonly string[]
}

/**
 * Judges the runs that a defect was given, one after the other.
 *
 * @param alone A run under the load of clients alone; it counts for the comparison only.
 */
export function judgeCase(
  { id, scenario, rules, also }: SelftestCase,
  attempts: readonly Attempt[],
  alone?: Attempt,
): CaseOutcome {
  const findings = attempts.flatMap(({ result }) => result.findings)
  const fired = [...new Set(findings.map(({ rule }) => rule))]
  const secondsToDetection = secondsUntil(rules, attempts)
  const last = attempts.at(-1)?.result
  return {
    id,
    scenario,
    expected: rules,
    fired,
    unexplained: fired.filter((rule) => !rules.includes(rule) && !also.includes(rule)),
    outcome: secondsToDetection !== null ? 'caught' : last?.verdict === 'ERROR' ? 'error' : 'missed',
    secondsToDetection,
    rate: rateOf(rules, attempts),
    alone: alone === undefined ? null : rateOf(rules, [alone]),
    reasons: last?.reasons.map(({ message }) => message) ?? [],
    runs: attempts.map(({ result }) => result.run),
  }
}

/** All found, and nothing else; a defect whose run broke off is neither found nor missed. */
export function verdictOf(outcomes: readonly CaseOutcome[]): 'pass' | 'fail' | 'no verdict' {
  if (outcomes.some(({ outcome, unexplained }) => outcome === 'missed' || unexplained.length > 0))
    return 'fail'
  return outcomes.some(({ outcome }) => outcome === 'error') ? 'no verdict' : 'pass'
}

function secondsUntil(rules: readonly string[], attempts: readonly Attempt[]): number | null {
  let before = 0
  for (const attempt of attempts) {
    const found = attempt.result.findings.filter(({ rule }) => rules.includes(rule))
    if (found.length > 0) return before + Math.min(...found.map((finding) => secondOf(finding, attempt)))
    before += secondsOfLoad(attempt)
  }
  return null
}

/** Seconds of load until a finding. One without a time is of what was left when the load was over. */
function secondOf({ firstGuestSecond }: ResultDocument['findings'][number], attempt: Attempt): number {
  if (firstGuestSecond === 0) return secondsOfLoad(attempt)
  return Math.max(0, firstGuestSecond - loadSecondOf(attempt.console))
}

/** Of the times to detection, seconds; null if nothing was caught. */
export function medianSeconds(outcomes: readonly CaseOutcome[]): number | null {
  const seconds = outcomes.flatMap(({ secondsToDetection: found }) => (found === null ? [] : [found]))
  seconds.sort((a, b) => a - b)
  const middle = seconds.length / 2
  const [low, high] = [seconds[Math.ceil(middle) - 1], seconds[Math.floor(middle)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
