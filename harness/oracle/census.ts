import { tallied, tallyOperations } from '../../addon/index.js'
import { asU16, asU32 } from '../decode/event-columns.js'
import type { FileEvents } from '../decode/file-events.js'
import type { TraceSlice } from '../decode/load-trace.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { codeCount, codes, tracepoints, type Tracepoint } from './operations.js'
import type { Counted } from './counted.js'

/** How often what nfsd counts had been seen at some moment. */
type Standing = Readonly<Record<keyof Counted, number>>

/** Where the tally of events without an nfsd_file begins. */
const withoutObject = tallied

/** Counts a trace's events by tracepoint, whether or not anybody judges them. */
export class Census {
  /** By the trace's own numbers of operations. */
  readonly #tally = new Uint32Array(2 * tallied)
  #load: Standing | undefined
  #quiet: Standing | undefined
  readonly #events: FileEvents

  constructor(events: FileEvents) {
    this.#events = events
  }

  /** @param from Row of the slice that `events` is over. @param to The row behind the last one. */
  count({ rows: { type, index } }: TraceSlice, from: number, to: number): void {
    const { type: fileType, columns } = this.#events
    // The events of a type stand in its columns one behind the other.
    const rows = type.subarray(from, to)
    const first = rows.indexOf(fileType)
    if (first < 0) return
    const [begin, last] = [index[from + first] ?? 0, index[from + rows.lastIndexOf(fileType)] ?? 0]
    const operations = asU16(columns.op).subarray(begin, last + 1)
    tallyOperations(operations, asU32(columns.nf).subarray(begin, last + 1), this.#tally)
  }

  enterPhase({ phase }: PhaseMark): void {
    if (phase === 'load') this.#load ??= this.#now
    if (phase === 'quiet') this.#quiet ??= this.#now
  }

  get judged(): number {
    return this.#tally.subarray(0, tallied).reduce((sum, count) => sum + count, 0)
  }

  /** Codes of the tracepoints of which there are events. */
  get recorded(): ReadonlySet<number> {
    const counts = this.#byCode(0)
    return new Set([...counts.keys()].filter((code) => counts[code] !== 0))
  }

  get perTracepoint(): Partial<Record<Tracepoint, number>> {
    const byCode = this.#byCode(0)
    const counts = tracepoints.map((name) => [name, byCode[codes[name]] ?? 0] as const)
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
    const of = (tracepoint: Tracepoint, from = 0): number => this.#byCode(from)[codes[tracepoint]] ?? 0
    const acquisitions = of('nfsd_file_acquire') - of('nfsd_file_acquire', withoutObject)
    return { acquisitions, evictions: of('nfsd_file_gc_disposed') }
  }

  /** @param from In the tally. */
  #byCode(from: number): Uint32Array {
    const counts = new Uint32Array(codeCount)
    this.#events.codes.forEach((code, operation) => {
      counts[code] = (counts[code] ?? 0) + (this.#tally[from + operation] ?? 0)
    })
    return counts
  }
}
