import type { HistoryReader } from '../store/history.js'
import { formatTable } from '../report/text-table.js'
import { formatSeconds } from '../report/figures.js'
import type { CampaignPlan } from './plan.js'
import { nightsRemembered } from './run-campaign.js'
import { foresee } from './schedule.js'
import { byTarget, estimateCells, type EstimatedCell } from './work.js'

/** What a night would be. */
export interface Forecast {
  readonly plan: string
  readonly budgetSeconds: number | null
  /** Until all runs have ended: one after the other on each target, targets beside each other. */
  readonly totalSeconds: number
  /** In the order in which their first runs come. */
  readonly cells: readonly {
    readonly key: string
    readonly weight: number
    readonly runs: number
    /** As the plan has it; null: as many as the budget holds. */
    readonly wanted: number | null
    readonly loadSeconds: number
    readonly estimateSeconds: number
    /** Whether runs of its own told, or those of others, or nothing yet. */
    readonly isKnown: boolean
    readonly findingsPerMinute: number
  }[]
}

/** @param store undefined: there is none yet */
export function forecast(plan: CampaignPlan, store: HistoryReader | undefined): Forecast {
  const window = { nights: nightsRemembered, before: new Date().toISOString() }
  const cells = estimateCells(plan.cells, store?.experience(plan.name, window) ?? new Map<string, never>())
  const lanes = [...byTarget(cells).values()].map((lane) => foresee(lane, plan.budgetSeconds))
  const order = lanes.flat()
  const runs = new Map(cells.map((cell) => [cell, 0]))
  for (const cell of order) runs.set(cell, (runs.get(cell) ?? 0) + 1)
  const listed = [...new Set([...order, ...cells])]
  return {
    plan: plan.name,
    budgetSeconds: plan.budgetSeconds,
    totalSeconds: Math.max(0, ...lanes.map(secondsOf)),
    cells: listed.map((cell) => ({
      ...{ key: cell.key, weight: cell.weight, runs: runs.get(cell) ?? 0, wanted: cell.seeds },
      ...{ loadSeconds: cell.planned.loadSeconds, estimateSeconds: cell.estimateSeconds },
      ...{ isKnown: cell.isKnown, findingsPerMinute: cell.findingsPerMinute },
    })),
  }
}

function secondsOf(lane: readonly EstimatedCell[]): number {
  return lane.reduce((sum, { estimateSeconds }) => sum + estimateSeconds, 0)
}

export function describeForecast({ plan, budgetSeconds, totalSeconds, cells }: Forecast): string {
  const rows = cells.map(
    ({ key, runs, wanted, loadSeconds, estimateSeconds, isKnown, findingsPerMinute }) => [
      key,
      wanted === null ? String(runs) : `${String(runs)} of ${String(wanted)}`,
      `${String(loadSeconds)} s`,
      `${estimateSeconds.toFixed(0)} s${isKnown ? '' : ' (a guess)'}`,
      findingsPerMinute.toFixed(2),
    ],
  )
  const sum = cells.reduce((total, { runs }) => total + runs, 0)
  const budget = budgetSeconds === null ? 'no budget' : `a budget of ${formatSeconds(budgetSeconds)}`
  return `${formatTable([['cell', 'runs', 'load', 'each takes', 'findings per minute'], ...rows])}

${plan}: ${String(sum)} runs, ${formatSeconds(totalSeconds)}; ${budget}
`
}
