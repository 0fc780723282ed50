import { readTrace, type Batch, type EventType, type Trace } from '../../addon/index.js'

export type { Trace }

/** Rows of a trace that follow each other: a batch, or all of them. */
export interface TraceSlice extends Batch {
  readonly types: readonly EventType[]
  /** By id; with those of later slices they become more. */
  readonly pointers: ArrayLike<bigint>
  /** Number of rows before these; 0 if it is not there. */
  readonly first?: number
}

/** What is known of a trace beside its rows; `perCpu` once they have been read. */
export type TraceHead = Readonly<Pick<Trace, 'clock' | 'cpus' | 'comms' | 'perCpu' | 'ringStats'>> & {
  readonly types: readonly EventType[]
}

/** A slice without rows, of a trace of which only the types are known. */
export function noRowsOf(types: TraceSlice['types']): TraceSlice {
  const none = { ts: new BigUint64Array(0), cpu: new Uint16Array(0), type: new Uint16Array(0) }
  const rows = { count: 0, ...none, index: new Uint32Array(0), pid: new Int32Array(0) }
  return { types, rows, columns: [], gaps: [], pointers: [] }
}

/**
 * Decodes a trace.dat (version 6 or 7) into columns, off the event loop.
 *
 * @throws Error with code `FCT_DECODE_<REASON>` and `offset`, the byte in the file where it went wrong.
 */
export function loadTrace(path: string): Promise<Trace> {
  return readTrace(path)
}
