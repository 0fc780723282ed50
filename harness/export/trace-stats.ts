import type { Trace } from '../decode/load-trace.js'
import { unitOf } from '../decode/clock.js'

/** Stamps are decimal text, because JSON's numbers end at 2^53; null where there is no event. */
interface Span {
  readonly first: string | null
  readonly last: string | null
}

interface Counted extends Span {
  readonly events: number
  /** Over the span of the whole trace; null if that is no time or has no length. */
  readonly perSecond: number | null
}

interface Lost {
  /** Events lost by the marks in the pages that have a number. */
  readonly lost: number
  /** Marks without a number. */
  readonly unknownGaps: number
  /** Events that the ring buffers' own counters have and the trace has not; null if it lacks counters. */
  readonly kernelLost: number | null
}

export interface CpuStats extends Counted, Lost {
  readonly cpu: number
  /** Sub-buffers. */
  readonly pages: number
  /** Events whose stamp was below the one before and was raised to it. */
  readonly raised: number
}

export interface TypeStats extends Counted {
  /** `system:name` */
  readonly event: string
  readonly byCpu: readonly number[]
}

export interface TraceStats extends Counted, Lost {
  readonly version: number
  readonly buffer: string
  readonly clock: string
  readonly unit: 'ns' | 'ticks'
  readonly cpus: readonly CpuStats[]
  /** Those that occur, the most frequent first. */
  readonly types: readonly TypeStats[]
}

/** Counts per CPU and per event type, with losses. */
export function traceStats(trace: Trace): TraceStats {
  const { rows, types, perCpu, gaps } = trace
  const all = new Counter(trace)
  const byCpu = perCpu.map(() => new Counter(trace))
  const byType = types.map(() => new Counter(trace))
  for (let row = 0; row < rows.count; row++) {
    all.add(row)
    byCpu[rows.cpu[row] ?? 0]?.add(row)
    byType[rows.type[row] ?? 0]?.add(row)
  }
  const seconds = secondsOf(trace)
  const kernelLost = perCpu.map((_, cpu) => kernelLostOf(trace, cpu))
  return {
    version: trace.version,
    buffer: trace.buffer,
    clock: trace.clock,
    unit: unitOf(trace),
    ...all.result(seconds),
    ...lostIn(gaps),
    kernelLost: kernelLost.reduce((sum, lost) => (sum === null || lost === null ? null : sum + lost), 0),
    cpus: perCpu.map(({ pages, raised }, cpu) => ({
      cpu,
      pages,
      raised,
      ...(byCpu[cpu] ?? all).result(seconds),
      ...lostIn(gaps.filter((gap) => gap.cpu === cpu)),
      kernelLost: kernelLost[cpu] ?? null,
    })),
    types: types
      .flatMap((type, index) => typeStats(type, byType[index] ?? all, seconds))
      .sort((a, b) => b.events - a.events),
  }
}

function typeStats(
  { system, name }: Trace['types'][number],
  counter: Counter,
  seconds: number | null,
): TypeStats[] {
  if (counter.events === 0) return []
  const event = system === '' ? name : `${system}:${name}`
  return [{ event, ...counter.result(seconds), byCpu: counter.byCpu }]
}

/** Rows come by time, so that the first one added is the first, and the last one the last. */
class Counter {
  readonly #trace: Trace
  readonly byCpu: number[]
  events = 0
  #first = 0
  #last = 0

  constructor(trace: Trace) {
    this.#trace = trace
    this.byCpu = trace.perCpu.map(() => 0)
  }

  add(row: number): void {
    if (this.events === 0) this.#first = row
    this.#last = row
    this.events++
    const cpu = this.#trace.rows.cpu[row] ?? 0
    this.byCpu[cpu] = (this.byCpu[cpu] ?? 0) + 1
  }

  result(seconds: number | null): Counted {
    const stamp = (row: number): string | null =>
      this.events === 0 ? null : String(this.#trace.rows.ts[row])
    const perSecond = seconds === null ? null : this.events / seconds
    return { events: this.events, perSecond, first: stamp(this.#first), last: stamp(this.#last) }
  }
}

function secondsOf(trace: Trace): number | null {
  const { count, ts } = trace.rows
  if (unitOf(trace) === 'ticks' || count === 0) return null
  const seconds = Number((ts[count - 1] ?? 0n) - (ts[0] ?? 0n)) / 1e9
  return seconds > 0 ? seconds : null
}

function lostIn(gaps: Trace['gaps']): Omit<Lost, 'kernelLost'> {
  return {
    lost: gaps.reduce((sum, { missed }) => sum + (missed ?? 0), 0),
    unknownGaps: gaps.filter(({ missed }) => missed === null).length,
  }
}

/** What the ring buffer produced and the trace has not. Its counters may have been saved before the last of it was read. */
function kernelLostOf({ perCpu, ringStats }: Trace, cpu: number): number | null {
  const ring = ringStats[cpu] ?? null
  if (ring === null) return null
  const produced = ring.entries + ring.read + ring.overrun + ring.commitOverrun + ring.dropped
  return Math.max(0, produced - (perCpu[cpu]?.events ?? 0))
}
