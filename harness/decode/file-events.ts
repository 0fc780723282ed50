import { findEventColumns, type EventColumns, type NumberColumn } from './event-columns.js'
import type { TraceSlice } from './load-trace.js'

/**
 * A view that moves over the fct_file events of a trace: one nfsd_file_* tracepoint each, with the
 * nfsd_file's pointer. No object is made per event; what a getter returns is the event of the last `moveTo`.
 *
 * Pointers are ids into `trace.pointers`; 0 is NULL. Values are samples, taken when the tracepoint ran, which
 * is before or after the operation that it is named for; the flavours of harness/oracle say which.
 */
export class FileEvents {
  row = 0
  #index = 0
  #first = 0
  #rows: TraceSlice['rows']
  #columns: FileColumns
  /** The reader's codes, by what `op` has. */
  readonly codes = new Uint8Array(256)
  readonly #names: Readonly<Record<number, string>>

  /**
   * @param codeOf The reader's own code, 0..255, for a tracepoint's name; what `operation` returns.
   * @returns undefined if the trace has no fct_file event type.
   * @throws FieldMissing if the type has other fields than kmod/fct_trace.h gives it.
   */
  static over(
    trace: Omit<TraceSlice, 'gaps'>,
    codeOf: (tracepoint: string) => number,
  ): FileEvents | undefined {
    const events = findEventColumns(trace, name)
    if (!events) return undefined
    const view = new FileEvents(events, trace.rows, codeOf)
    view.enter(trace)
    return view
  }

  private constructor(
    { type, symbols }: EventColumns,
    rows: TraceSlice['rows'],
    codeOf: (tracepoint: string) => number,
  ) {
    const names = symbols['op'] ?? {}
    this.type = type
    this.#rows = rows
    this.#columns = noColumns
    this.#names = names
    for (const [value, name] of Object.entries(names)) this.codes[Number(value)] = codeOf(name)
    this.tracepoints = Object.values(names)
  }

  /**
   * From now on the view is over these rows of the same trace.
   *
   * @throws FieldMissing as `over`.
   */
  enter(slice: Omit<TraceSlice, 'gaps'>): void {
    const events = findEventColumns(slice, name)
    if (!events) return
    this.#rows = slice.rows
    this.#first = slice.first ?? 0
    this.#columns = columnsBy((field) => events.column(field))
  }

  /** Of the rows that the view is over, as they are: for those who read them without a view. */
  get columns(): FileColumns {
    return this.#columns
  }

  /** Index into the trace's types. */
  readonly type: number
  /** The tracepoints that the module knows, verbatim. */
  readonly tracepoints: readonly string[]

  /** The tracepoint's name, by `rawOperation`. */
  nameOf(rawOperation: number): string {
    return this.#names[rawOperation] ?? `op ${String(rawOperation)}`
  }

  /** @param row One that the view is over, of a type that is `this.type`. */
  moveTo(row: number): void {
    this.row = row
    this.#index = this.#rows.index[row - this.#first] ?? 0
  }

  get operation(): number {
    return this.codes[this.#columns.op[this.#index] ?? 0] ?? 0
  }
  /** The tracepoint's number in the module's own table. */
  get rawOperation(): number {
    return this.#columns.op[this.#index] ?? 0
  }
  get nf(): number {
    return this.#columns.nf[this.#index] ?? 0
  }
  get inode(): number {
    return this.#columns.inode[this.#index] ?? 0
  }
  get file(): number {
    return this.#columns.file[this.#index] ?? 0
  }
  get flags(): number {
    return this.#columns.flags[this.#index] ?? 0
  }
  get ref(): number {
    return this.#columns.ref[this.#index] ?? 0
  }
  get status(): number {
    return this.#columns.status[this.#index] ?? 0
  }
  /** Milliseconds since the module was loaded; a jiffy is the grain. */
  get ms(): number {
    return this.#columns.ms[this.#index] ?? 0
  }
  get cpu(): number {
    return this.#rows.cpu[this.row - this.#first] ?? 0
  }
  get pid(): number {
    return this.#rows.pid[this.row - this.#first] ?? 0
  }
}

/* The format's `may` is left to those who look at a trace by hand. */
export const fileFields = ['nf', 'inode', 'file', 'flags', 'ref', 'status', 'ms', 'op'] as const

export type FileColumns = Readonly<Record<(typeof fileFields)[number], NumberColumn>>

const name = 'fctorture:fct_file'

const noColumns = columnsBy(() => [])

function columnsBy(of: (field: keyof FileColumns) => NumberColumn): FileColumns {
  return Object.fromEntries(fileFields.map((field) => [field, of(field)])) as Record<
    keyof FileColumns,
    NumberColumn
  >
}
