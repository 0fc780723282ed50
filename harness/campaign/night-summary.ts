import type { HistoryReader } from '../store/history.js'
import { cellKey, type Campaign, type HistoryRun } from '../store/history-records.js'
import type { VerdictExit, VerdictName } from '../verdict/result.js'
import { exits } from '../verdict/verdict.js'

export interface CellSummary {
  readonly key: string
  /** Attempts by verdict, those that do not count included. */
  readonly verdicts: Readonly<Record<VerdictName, number>>
}

export interface NightFinding {
  readonly signature: string
  readonly rule: string
  /** Runs that found it, at any attempt. */
  readonly runs: number
  readonly cells: readonly string[]
}

/** What a night came to. */
export interface NightSummary {
  readonly campaign: Omit<Campaign, 'plan'>
  readonly verdict: VerdictName
  readonly exit: VerdictExit
  readonly cells: readonly CellSummary[]
  readonly findings: readonly NightFinding[]
  /** Attempts that ended in ERROR, and why: infrastructure trouble. */
  readonly trouble: readonly {
    readonly cell: string
    readonly seed: number
    readonly attempt: number
    readonly reason: string
  }[]
  /** Seeds of cells that were handed out and of which no attempt counts. */
  readonly withoutAnswer: readonly { readonly cell: string; readonly seed: number }[]
  /** Cells of the plan without any run tonight. */
  readonly notRun: readonly string[]
}

/**
 * FAIL if any attempt found something, whatever a later one said; no verdict if one has none; PASS if all that ran is one.
 *
 * @param planned cellKeys of the plan
 */
export function summarizeNight(
  store: HistoryReader,
  campaign: Campaign,
  planned: readonly string[],
): NightSummary {
  const cells = new Map<string, Record<VerdictName, number>>()
  const findings = new Map<string, { rule: string; runs: number; cells: Set<string> }>()
  const seeds = new Set(store.attempts(campaign.id).keys())
  const answered = new Set<string>()
  const trouble: NightSummary['trouble'][number][] = []
  for (const run of store.runsOf(campaign.id)) {
    const key = cellKey(run.cell)
    const verdicts = cells.get(key) ?? { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, ERROR: 0 }
    cells.set(key, verdicts)
    verdicts[run.verdict]++
    // Of a night that was imported nothing was handed out here.
    seeds.add(`${key} ${String(run.seed)}`)
    if (run.counts) answered.add(`${key} ${String(run.seed)}`)
    if (run.verdict === 'ERROR')
      trouble.push({ cell: key, seed: run.seed, attempt: run.attempt, reason: firstReason(run) })
    if (run.verdict === 'FAIL') addFindings(findings, store, run.id, key)
  }
  const unanswered = [...seeds].filter((seed) => !answered.has(seed))
  const verdict = verdictOf([...cells.values()], unanswered.length)
  return {
    campaign: withoutPlan(campaign),
    verdict,
    exit: exits[verdict],
    cells: [...cells].map(([key, verdicts]) => ({ key, verdicts })),
    findings: [...findings].map(([signature, found]) => ({ signature, ...found, cells: [...found.cells] })),
    trouble,
    withoutAnswer: unanswered.map(splitSeed),
    notRun: planned.filter((key) => !cells.has(key)),
  }
}

function verdictOf(cells: readonly Record<VerdictName, number>[], unanswered: number): VerdictName {
  const sum = (name: VerdictName): number => cells.reduce((total, verdicts) => total + verdicts[name], 0)
  if (sum('FAIL') > 0) return 'FAIL'
  if (unanswered > 0) return 'ERROR'
  return sum('INCONCLUSIVE') > 0 || sum('PASS') === 0 ? 'INCONCLUSIVE' : 'PASS'
}

function addFindings(
  all: Map<string, { rule: string; runs: number; cells: Set<string> }>,
  store: HistoryReader,
  run: number,
  cell: string,
): void {
  for (const { signature, rule } of store.findingsOf(run)) {
    const found = all.get(signature) ?? { rule, runs: 0, cells: new Set<string>() }
    all.set(signature, found)
    found.runs++
    found.cells.add(cell)
  }
}

function firstReason({ reasons: [reason] }: HistoryRun): string {
  return reason === undefined ? 'no reason was given' : `${reason.message} (${reason.code})`
}

function splitSeed(name: string): { cell: string; seed: number } {
  const at = name.lastIndexOf(' ')
  return { cell: name.slice(0, at), seed: Number(name.slice(at + 1)) }
}

function withoutPlan({ id, key, name, started, ended, outcome, seed }: Campaign): Omit<Campaign, 'plan'> {
  return { id, key, name, started, ended, outcome, seed }
}
