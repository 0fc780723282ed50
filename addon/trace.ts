import { checkFieldChoice, checkInteger, checkPath, checkString } from './arguments.js'
import { native } from './native.js'

/** A column's array; which one follows from the field's kind. */
export type Column =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array

/**
 * What a field's column holds: integers at their own width and sign (`u64`, `i64` as bigints); `pointer`: ids
 * into `Trace.pointers`; `string` (arrays of char, up to the first NUL) and `hex` (other arrays and
 * structures, two digits a byte): ids into `Trace.strings`.
 */
export type FieldKind =
  'u8' | 'u16' | 'u32' | 'u64' | 'i8' | 'i16' | 'i32' | 'i64' | 'pointer' | 'string' | 'hex'

/** How one field of an event is read; compiled from its format file. */
export interface FieldPlan {
  name: string
  /** As declared, without the name: `const void *`, `char[16]`, `__data_loc char[]`. */
  type: string
  kind: FieldKind
  /** `tail` runs to the record's end; `data_loc` and `rel_loc` stand where a u32 at `offset` points. */
  place: 'fixed' | 'tail' | 'data_loc' | 'rel_loc'
  /** Bytes from the record's begin. */
  offset: number
  /** Bytes; 0 for a `tail`. */
  size: number
  signed: boolean
}

export interface EventType {
  /** `common_type` of its records. */
  id: number
  /** Empty for a type that the file did not describe. */
  system: string
  /** `unknown_<id>` for a type that the file did not describe; it has no fields. */
  name: string
  /** Without the common_* ones: `rows` has those that matter. */
  fields: FieldPlan[]
  /** By field: value -> name, from __print_symbolic() and __print_flags() in the print format. */
  symbols: Record<string, Record<number, string>>
  /** The fields whose names are flags, of which a value may have several: from __print_flags(). */
  flagFields: string[]
}

/** From per_cpu/cpuN/stats, in events. */
export interface RingStats {
  /** Left in the ring buffer, unread. */
  entries: number
  overrun: number
  commitOverrun: number
  dropped: number
  read: number
}

/** A trace as struct of arrays. */
export interface Trace {
  version: 6 | 7
  /** Bytes of a long of the traced kernel: 4 or 8. */
  longSize: number
  cpus: number
  /** The tracing instance that was recorded; '' is the top one. */
  buffer: string
  /**
   * The trace clock; '' if the file does not say. `counter` is a strict order without time, others count ns.
   */
  clock: string
  /** Pid -> comm, as the kernel had saved them at the end of the recording; some may be missing. */
  comms: Record<number, string>
  types: EventType[]
  /**
   * All events, by time; of equal times the lower CPU's come first, and within a CPU the ring's order is
   * kept.
   */
  rows: {
    count: number
    ts: BigUint64Array
    cpu: Uint16Array
    /** Index into `types` and `columns`. */
    type: Uint16Array
    /** Row in that type's columns. */
    index: Uint32Array
    /** `common_pid`. */
    pid: Int32Array
  }
  /** By type, then by field; see `ReadTraceOptions.columns`. */
  columns: Record<string, Column>[]
  /** Id -> pointer of the traced kernel; id 0 is NULL. */
  pointers: BigUint64Array
  /** Id -> text; id 0 is ''. */
  strings: string[]
  perCpu: {
    /** Sub-buffers. */
    pages: number
    /** Equals `read events` of the CPU's stats when nothing was lost on the way. */
    events: number
    /**
     * Events whose stamp was below the one before and was raised to it (the kernel's reader skips discarded
     * events' time).
     */
    raised: number
  }[]
  /**
   * By CPU: the ring buffer's own counters, which trace-cmd saves, before it reads the last pages; null where the
   * file has none.
   */
  ringStats: (RingStats | null)[]
  /**
   * Events that the ring buffer overwrote before they were read. `after` and `before` are the times of the
   * CPU's events around the gap: 0n if there is none before it, 2^64 - 1 if there is none behind it.
   */
  gaps: {
    cpu: number
    after: bigint
    before: bigint
    /** Null if the kernel did not store the number. */
    missed: number | null
  }[]
}

/** Of each event, as `system:name`, the fields that somebody will read. Names that a trace does not have do no harm. */
export type FieldChoice = Readonly<Record<string, readonly string[]>>

export interface ReadTraceOptions {
  /** Which instance's ring buffer; '' is the top one. Needed only if several have events. */
  readonly buffer?: string | undefined
  /**
   * The fields that get a column; all by default. Another field costs nothing but the look whether it is inside its
   * event, which is an error as ever. `rows` and `types` are the same whatever was chosen.
   */
  readonly columns?: FieldChoice | undefined
}

/**
 * Decodes a trace.dat of version 6 or 7 into columns, off the event loop.
 *
 * Times are the ring's own: what trace-cmd may be told to add to them (DATE, OFFSET, TIME_SHIFT, TSC2NSEC) is
 * not.
 *
 * @throws Error with code `FCT_DECODE_<REASON>` and `offset`, the byte in the file (of what is compressed,
 *   where that begins): MAGIC, VERSION, ENDIAN, TRUNCATED, FORMAT, COMPRESSION, PACKED, BUFFERS, PAGE, EVENT,
 *   FIELD, LIMIT. Or as Node's own, if the file cannot be read.
 */
export async function readTrace(path: string, { buffer, columns }: ReadTraceOptions = {}): Promise<Trace> {
  if (buffer !== undefined) checkString(buffer, 'buffer')
  return native().readTrace(checkPath(path, 'path'), buffer, checkFieldChoice(columns))
}

/** The first bytes of a file. */
export interface FilePart {
  readonly path: string
  readonly size: number
}

/**
 * Decodes a trace.dat that has not been put together: its head, and the files whose first bytes would follow it,
 * which may grow meanwhile. Otherwise as `readTrace`; offsets are those of the whole.
 */
export async function readTraceParts(head: Uint8Array, files: readonly FilePart[]): Promise<Trace> {
  if (!(head instanceof Uint8Array)) throw new TypeError('head must be a Uint8Array')
  for (const { path, size } of files) {
    checkPath(path, 'path')
    checkInteger(size, 'size', 0, Number.MAX_SAFE_INTEGER)
  }
  return native().readTraceParts(head, files)
}
