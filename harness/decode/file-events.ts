import { findEventColumns, type EventColumns } from './event-columns.js'
import type { Trace } from './load-trace.js'

/**
 * A view that moves over the fct_file events of a trace: one nfsd_file_* tracepoint each, with the
 * nfsd_file's pointer. No object is made per event; what a getter returns is the event of the last `moveTo`.
 *
 * Pointers are ids into `trace.pointers`; 0 is NULL. Values are samples, taken when the tracepoint ran, which
 * is before or after the operation that it is named for (facts/filecache.md, "Where they fire").
 */
export class FileEvents {
  row = 0
  #index = 0
  readonly #trace: Trace
  readonly #codes: Uint8Array
  readonly #names: Readonly<Record<number, string>>
  readonly #columns: Columns

  /**
   * @param codeOf The reader's own code, 0..255, for a tracepoint's name; what `operation` returns.
   * @returns undefined if the trace has no fct_file event type.
   * @throws FieldMissing if the type has other fields than kmod/fct_trace.h gives it.
   */
  static over(trace: Trace, codeOf: (tracepoint: string) => number): FileEvents | undefined {
    const events = findEventColumns(trace, 'fctorture:fct_file')
    if (!events) return undefined
    const columns = Object.fromEntries(fields.map((field) => [field, events.column(field)])) as Columns
    return new FileEvents(trace, events, columns, codeOf)
  }

  private constructor(
    trace: Trace,
    { type, symbols }: EventColumns,
    columns: Columns,
    codeOf: (tracepoint: string) => number,
  ) {
    this.type = type
    this.#trace = trace
    this.#columns = columns
    this.#codes = new Uint8Array(256)
    const names = symbols['op'] ?? {}
    this.#names = names
    for (const [value, name] of Object.entries(names)) this.#codes[Number(value)] = codeOf(name)
    this.tracepoints = Object.values(names)
  }

  /** Index into `trace.types`. */
  readonly type: number
  /** The tracepoints that the module knows, verbatim. */
  readonly tracepoints: readonly string[]

  /** The tracepoint's name, by `rawOperation`. */
  nameOf(rawOperation: number): string {
    return this.#names[rawOperation] ?? `op ${String(rawOperation)}`
  }

  /** @param row A row of `trace.rows` whose type is `this.type`. */
  moveTo(row: number): void {
    this.row = row
    this.#index = this.#trace.rows.index[row] ?? 0
  }

  get operation(): number {
    return this.#codes[this.#columns.op[this.#index] ?? 0] ?? 0
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
    return this.#trace.rows.cpu[this.row] ?? 0
  }
  get pid(): number {
    return this.#trace.rows.pid[this.row] ?? 0
  }
}

/* The format's `may` is left to those who look at a trace by hand. */
const fields = ['nf', 'inode', 'file', 'flags', 'ref', 'status', 'ms', 'op'] as const

type Columns = Record<(typeof fields)[number], ArrayLike<number>>
