import { FileEvents } from './file-events.js'
import type { TraceSlice } from './load-trace.js'

/** How many events there were over the time of a trace, in bins of one width. */
export interface EventTimeline {
  readonly binMs: number
  /** Begin of the first bin, milliseconds since the module was loaded. */
  readonly fromMs: number
  /** By tracepoint that had any, in the module's order. */
  readonly tracepoints: readonly TimelineSeries[]
  /** By CPU. */
  readonly cpus: readonly CpuSeries[]
}

export interface TimelineSeries {
  readonly name: string
  /** Events in each bin. */
  readonly counts: readonly number[]
}

export interface CpuSeries {
  readonly counts: readonly number[]
  /** Events that the pages say were dropped, in the bin of the event before them. */
  readonly lost: readonly number[]
  /** Marks of a loss without a number. */
  readonly unknownGaps: number
}

/** The width doubles when a trace turns out to be longer: memory does not grow with it. */
const mostBins = 1200
const firstBinMs = 50

/**
 * Counts fct_file events over time as a trace goes by. Time is the event's `ms`: the ring buffer's own clock may count no time.
 * A trace without the module's events has no timeline.
 */
export class TimelineBuilder {
  readonly #tracepoints: Bins[] = []
  readonly #cpus: Bins[] = []
  readonly #lost: Bins[] = []
  readonly #unknownGaps: number[] = []
  #events: FileEvents | undefined
  #binMs = firstBinMs
  #first = Infinity
  #last = -Infinity

  push(slice: TraceSlice): void {
    if (this.#events) this.#events.enter(slice)
    else this.#events = FileEvents.over(slice, () => 0)
    if (!this.#events) return
    this.#count(slice, this.#events)
    for (const gap of slice.gaps) this.#lose(gap, slice, this.#events)
  }

  /** @returns null if there was no event of the module's */
  finish(): EventTimeline | null {
    if (this.#last < 0) return null
    const [from, to] = [this.#first, this.#last + 1]
    const cut = (bins: Bins | undefined): number[] => Array.from((bins ?? makeBins()).subarray(from, to))
    return {
      binMs: this.#binMs,
      fromMs: from * this.#binMs,
      tracepoints: this.#tracepoints.flatMap((bins, operation) =>
        this.#events === undefined ? [] : [{ name: this.#events.nameOf(operation), counts: cut(bins) }],
      ),
      cpus: Array.from({ length: Math.max(this.#cpus.length, this.#lost.length) }, (_, cpu) => ({
        counts: cut(this.#cpus[cpu]),
        lost: cut(this.#lost[cpu]),
        unknownGaps: this.#unknownGaps[cpu] ?? 0,
      })),
    }
  }

  #count({ rows: { count, type, index, cpu } }: TraceSlice, events: FileEvents): void {
    const { op, ms } = events.columns
    for (let row = 0; row < count; row++) {
      if (type[row] !== events.type) continue
      const at = index[row] ?? 0
      const bin = this.#binOf(ms[at] ?? 0)
      this.#add(this.#tracepoints, op[at] ?? 0, bin, 1)
      this.#add(this.#cpus, cpu[row] ?? 0, bin, 1)
    }
  }

  #lose({ cpu, after, missed }: TraceSlice['gaps'][number], { rows }: TraceSlice, events: FileEvents): void {
    if (missed === null) this.#unknownGaps[cpu] = (this.#unknownGaps[cpu] ?? 0) + 1
    let ms: number | undefined
    for (let row = 0; row < rows.count; row++) {
      if (rows.type[row] !== events.type) continue
      if (ms !== undefined && (rows.ts[row] ?? 0n) > after) break
      ms = events.columns.ms[rows.index[row] ?? 0] ?? 0
    }
    // A slice may hold nothing but the mark.
    const bin = ms === undefined ? Math.max(0, this.#last) : this.#binOf(ms)
    this.#add(this.#lost, cpu, bin, missed ?? 0)
  }

  #binOf(ms: number): number {
    while (ms >= mostBins * this.#binMs) this.#fold()
    const bin = Math.floor(ms / this.#binMs)
    if (bin < this.#first) this.#first = bin
    if (bin > this.#last) this.#last = bin
    return bin
  }

  #add(all: Bins[], of: number, bin: number, count: number): void {
    const bins = (all[of] ??= makeBins())
    bins[bin] = (bins[bin] ?? 0) + count
  }

  #fold(): void {
    for (const bins of [...this.#tracepoints, ...this.#cpus, ...this.#lost]) {
      // One that no event has had yet.
      if ((bins as Bins | undefined) === undefined) continue
      for (let bin = 0; bin < mostBins; bin++)
        bins[bin] = bin < mostBins / 2 ? (bins[2 * bin] ?? 0) + (bins[2 * bin + 1] ?? 0) : 0
    }
    this.#binMs *= 2
    this.#first = Math.floor(this.#first / 2)
    this.#last = Math.floor(this.#last / 2)
  }
}

type Bins = Float64Array

function makeBins(): Bins {
  return new Float64Array(mostBins)
}
