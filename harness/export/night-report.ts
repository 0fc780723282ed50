import type { NightJudgement } from '../campaign/judge-nights.js'
import type { NightRun } from '../campaign/nights.js'

/** A night for other programs: what ran, and what is thought of it. */
export interface NightReport {
  readonly judgement: NightJudgement
  /** Of the night that is judged, in the order in which they were recorded. */
  readonly runs: readonly NightRun[]
}

/** Runs by the name of their cell, in the order of the first of each. */
export function byCell(runs: readonly NightRun[]): Map<string, NightRun[]> {
  const cells = new Map<string, NightRun[]>()
  for (const run of runs) {
    const known = cells.get(run.key)
    if (known) known.push(run)
    else cells.set(run.key, [run])
  }
  return cells
}

/** What other programs make of a run: `skipped` is what does not apply to its kernel, `unknown` is neither good nor bad. */
export type RunStatus = 'passed' | 'failed' | 'broken' | 'unknown' | 'skipped'

/** A missing answer is never a pass, and nothing that ran in part is "skipped". */
export function statusOf({ verdict, reasons }: NightRun): RunStatus {
  if (verdict === 'PASS') return 'passed'
  if (verdict === 'FAIL') return 'failed'
  if (verdict === 'ERROR') return 'broken'
  const doesNotApply = reasons.length > 0 && reasons.every(({ code }) => code === 'FCT_STRESSOR_ABSENT')
  return doesNotApply ? 'skipped' : 'unknown'
}

/** "seed 42", "seed 42 attempt 2" */
export function runName({ seed, attempt }: NightRun): string {
  return `seed ${String(seed)}${attempt > 1 ? ` attempt ${String(attempt)}` : ''}`
}

/** What was found, and else what stood in the way: a line each. */
export function linesOf({ findings, reasons }: NightRun): string[] {
  const found = findings.map(({ rule, signature, count }) => `${signature} (${rule}, ${String(count)} times)`)
  const others = reasons.filter(({ code }) => code !== 'FCT_ORACLE_FINDING')
  return [...found, ...others.map(({ code, message }) => `${code}: ${message}`)]
}
