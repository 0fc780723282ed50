import type { FileEvents } from '../decode/file-events.js'
import type { TraceSlice } from '../decode/load-trace.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { codeCount, codes, tracepoints, type Tracepoint } from './operations.js'
import type { Counted } from './counted.js'

/** How often what nfsd counts had been seen at some moment. */
type Standing = Readonly<Record<keyof Counted, number>>

/** Counts a trace's events by tracepoint, whether or not anybody judges them. */
export class Census {
  readonly #perOperation = new Uint32Array(codeCount)
  /** nfsd_file_acquire without an nfsd_file. */
  #refusals = 0
  #load: Standing | undefined
  #quiet: Standing | undefined
  readonly #events: FileEvents

  constructor(events: FileEvents) {
    this.#events = events
  }

  /** @param from Row of the slice that `events` is over. @param to The row behind the last one. */
  count({ rows: { type, index } }: TraceSlice, from: number, to: number): void {
    const { type: fileType, codes: codeOf, columns } = this.#events
    const { op: ops, nf: nfs } = columns
    const perOperation = this.#perOperation
    // The events of a type stand in its columns one behind the other.
    const first = type.subarray(from, to).indexOf(fileType)
    if (first < 0) return
    const last = type.subarray(from, to).lastIndexOf(fileType)
    const end = index[from + last] ?? 0
    for (let at = index[from + first] ?? 0; at <= end; at++) {
      const operation = codeOf[ops[at] ?? 0] ?? 0
      perOperation[operation] = (perOperation[operation] ?? 0) + 1
      if (nfs[at] === 0 && operation === codes.nfsd_file_acquire) this.#refusals++
    }
  }

  enterPhase({ phase }: PhaseMark): void {
    if (phase === 'load') this.#load ??= this.#now
    if (phase === 'quiet') this.#quiet ??= this.#now
  }

  get judged(): number {
    return this.#perOperation.reduce((sum, count) => sum + count, 0)
  }

  /** Codes of the tracepoints of which there are events. */
  get recorded(): ReadonlySet<number> {
    return new Set([...this.#perOperation.keys()].filter((code) => this.#perOperation[code] !== 0))
  }

  get perTracepoint(): Partial<Record<Tracepoint, number>> {
    const counts = tracepoints.map((name) => [name, this.#perOperation[codes[name]] ?? 0] as const)
    return Object.fromEntries(counts.filter(([, count]) => count > 0))
  }

  /** @returns undefined if the trace has no phases */
  get counted(): Counted | undefined {
    const [now, load, quiet] = [this.#now, this.#load, this.#quiet]
    if (!load || !quiet) return undefined
    const bounds = (what: keyof Counted): Counted['evictions'] => ({
      least: Math.max(quiet[what] - load[what], 0),
      most: now[what],
    })
    return { acquisitions: bounds('acquisitions'), evictions: bounds('evictions') }
  }

  get #now(): Standing {
    const of = (tracepoint: Tracepoint): number => this.#perOperation[codes[tracepoint]] ?? 0
    return { acquisitions: of('nfsd_file_acquire') - this.#refusals, evictions: of('nfsd_file_gc_disposed') }
  }
}
