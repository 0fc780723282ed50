import type { Trace } from './load-trace.js'

/**
 * How much of what the ring buffer produced a trace holds.
 *
 * - `whole`: all of it, or the trace says where some was overwritten.
 * - `cut`: the reading broke off, as when a guest dies: each CPU's events are whole up to its last one.
 * - `holed`: events are missing, and nobody knows where.
 */
export type Coverage = 'whole' | 'cut' | 'holed'

/** The rows between which events are missing: what happened from `from` on and before `to` is half seen. */
export interface Gap {
  /** null if it is not known which. */
  readonly cpu: number | null
  /** First row that may stand after a missing event. */
  readonly from: number
  /** First row that surely stands after all of them; `rows.count` if there is none. */
  readonly to: number
  /** Number of events missing; null if the kernel did not say. */
  readonly missed: number | null
}

/** A trace's gaps as rows, in the order in which they begin. */
export function findGaps(trace: Trace, coverage: Coverage): Gap[] {
  const { count } = trace.rows
  const gaps = overwritten(trace)
  if (coverage === 'cut') gaps.push(...cutEnds(trace))
  if (coverage === 'holed') gaps.push({ cpu: null, from: 0, to: count, missed: null })
  return gaps.sort((a, b) => a.from - b.from)
}

function overwritten({ gaps, rows }: Trace): Gap[] {
  return gaps.map(({ cpu, after, before, missed }) => ({
    cpu,
    from: firstRow(rows.ts, rows.count, (ts) => ts > after),
    to: firstRow(rows.ts, rows.count, (ts) => ts >= before),
    missed,
  }))
}

/** CPUs do not break off at one time: behind the last event of one, those of the others tell half of it. */
function cutEnds({ cpus, rows: { count, cpu } }: Trace): Gap[] {
  const column = cpu.subarray(0, count)
  return Array.from({ length: cpus }, (_, number) => ({
    cpu: number,
    from: column.lastIndexOf(number) + 1,
    to: count,
    missed: null,
  })).filter(({ from }) => from < count)
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
