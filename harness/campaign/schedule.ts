/**
 * Which cell is next. Pure.
 *
 * What found most per minute before is preferred, and no cell starves:
 *
 * - In a night: time is handed out in proportion to weight x boost; the boost is 1 for a cell that found nothing and 4 for the one that
 *   found most per minute, so that a cell has at least a quarter of what its weight alone would give it, save one run.
 * - Over nights, where the budget does not hold every cell: one that had no run in the last `patience` nights goes before all
 *   others, the longest wait first, and the first run of a night takes place whatever it costs. With n cells in a plan no cell
 *   waits for more than `patience` + n nights.
 */
export interface ScheduleCell {
  readonly key: string
  readonly weight: number
  /** Runs that it may have tonight; null: no bound. */
  readonly seeds: number | null
  /** What a run of it takes. */
  readonly estimateSeconds: number
  /** Findings per minute of load, before tonight; 0 if there were none. */
  readonly findingsPerMinute: number
  /** Nights since its last run; 0: in the last one; Infinity: never. */
  readonly nightsWaited: number
  /** Runs handed out tonight. */
  readonly started: number
}

export const patience = 3
const mostBoost = 4

/** @param secondsLeft Of the budget; null: no bound. @returns undefined if tonight holds no more */
export function nextCell<T extends ScheduleCell>(
  cells: readonly T[],
  secondsLeft: number | null,
): T | undefined {
  const isFirst = cells.every(({ started }) => started === 0)
  const most = cells.reduce((top, { findingsPerMinute }) => Math.max(top, findingsPerMinute), 0)
  let best: Ranked<T> | undefined
  for (const cell of cells) {
    const { seeds, started, estimateSeconds } = cell
    if (seeds !== null && started >= seeds) continue
    if (!isFirst && secondsLeft !== null && estimateSeconds > secondsLeft) continue
    const ranked = rank(cell, most)
    if (best === undefined || isBefore(ranked, best)) best = ranked
  }
  return best?.cell
}

interface Ranked<T> {
  readonly cell: T
  /** Nights waited, of one that waited too long; 0 for others. */
  readonly overdue: number
  /** When its next run would end, had the cell its share of a machine to itself. */
  readonly finish: number
  readonly boost: number
}

function rank<T extends ScheduleCell>(cell: T, most: number): Ranked<T> {
  const { weight, started, estimateSeconds, findingsPerMinute, nightsWaited } = cell
  const boost = most === 0 ? 1 : 1 + ((mostBoost - 1) * findingsPerMinute) / most
  const finish = ((started + 1) * estimateSeconds) / (weight * boost)
  return { cell, overdue: started === 0 && nightsWaited >= patience ? nightsWaited : 0, finish, boost }
}

function isBefore(a: Ranked<ScheduleCell>, b: Ranked<ScheduleCell>): boolean {
  if (a.overdue !== b.overdue) return a.overdue > b.overdue
  if (a.finish !== b.finish) return a.finish < b.finish
  if (a.boost !== b.boost) return a.boost > b.boost
  return a.cell.key < b.cell.key
}

/** What a night would hold, if every run took as long as is thought. Without a bound of seeds and budget it holds nothing. */
export function foresee<T extends ScheduleCell>(cells: readonly T[], budgetSeconds: number | null): T[] {
  const state = cells.map((cell) => ({ ...cell }))
  const order: T[] = []
  let left = budgetSeconds
  if (left === null && cells.some(({ seeds }) => seeds === null)) return order
  for (let next = nextCell(state, left); next !== undefined; next = nextCell(state, left)) {
    const index = state.indexOf(next)
    state[index] = { ...next, started: next.started + 1 }
    if (left !== null) left -= next.estimateSeconds
    const cell = cells[index]
    if (cell !== undefined) order.push(cell)
  }
  return order
}
