import type { Trace } from './load-trace.js'

/**
 * The rows between which events of one CPU are missing: what happened from `from` on and before `to` is half
 * seen.
 */
export interface Gap {
  readonly cpu: number
  /** First row that may stand after a missing event. */
  readonly from: number
  /** First row that surely stands after all of them; `rows.count` if the CPU had nothing more to say. */
  readonly to: number
  /** Number of events missing; null if the kernel did not say. */
  readonly missed: number | null
}

/** A trace's gaps as rows, in the order in which they begin. */
export function findGaps({ gaps, rows }: Trace): Gap[] {
  return gaps
    .map(({ cpu, after, before, missed }) => ({
      cpu,
      from: firstRow(rows.ts, rows.count, (ts) => ts > after),
      to: firstRow(rows.ts, rows.count, (ts) => ts >= before),
      missed,
    }))
    .sort((a, b) => a.from - b.from)
}

/** Binary search: stamps never decrease. */
function firstRow(stamps: BigUint64Array, count: number, isPast: (ts: bigint) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isPast(stamps[middle] ?? 0n)) high = middle
    else low = middle + 1
  }
  return low
}
