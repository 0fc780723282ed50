import { FileEvents, fileFields, type FileColumns } from './file-events.js'
import { noRowsOf, type TraceSlice } from './load-trace.js'

/** All fct_file events of a few objects, taken out of a trace. */
export interface Excerpt {
  readonly slice: TraceSlice
  /** By row of the slice, ascending: its row in the trace. */
  readonly rowNumbers: readonly number[]
}

/** Finds the objects that some rows are of, or that are at some addresses, while it is shown a trace. */
export class ObjectFinder {
  /** Pointer ids. */
  readonly found = new Set<number>()
  readonly #rows: ReadonlySet<number>
  readonly #addresses: ReadonlySet<bigint>
  #pointers = 0

  constructor(rows: Iterable<number>, addresses: Iterable<bigint> = []) {
    this.#rows = new Set(rows)
    this.#addresses = new Set(addresses)
  }

  push(slice: TraceSlice): void {
    const { first = 0, pointers, rows } = slice
    for (; this.#addresses.size > 0 && this.#pointers < pointers.length; this.#pointers++)
      if (this.#addresses.has(pointers[this.#pointers] ?? 0n)) this.found.add(this.#pointers)
    const events = FileEvents.over(slice, () => 0)
    if (!events) return
    for (const row of this.#rows) {
      if (row < first || row >= first + rows.count || rows.type[row - first] !== events.type) continue
      events.moveTo(row)
      this.found.add(events.nf)
    }
  }
}

/** Takes out the events of some objects, while it is shown a trace. */
export class ExcerptWriter {
  readonly #objects: ReadonlySet<number>
  readonly #rowNumbers: number[] = []
  readonly #stamps: bigint[] = []
  readonly #cpus: number[] = []
  readonly #pids: number[] = []
  readonly #columns = Object.fromEntries(fileFields.map((field) => [field, [] as number[]]))
  #last: TraceSlice = noRowsOf([])
  #type = 0

  /** @param objects Pointer ids. */
  constructor(objects: ReadonlySet<number>) {
    this.#objects = objects
  }

  push(slice: TraceSlice): void {
    this.#last = slice
    const events = FileEvents.over(slice, () => 0)
    if (!events) return
    this.#type = events.type
    const { type, index, count } = slice.rows
    const { columns } = events
    for (let row = 0; row < count; row++) {
      const at = index[row] ?? 0
      if (type[row] === events.type && this.#objects.has(columns.nf[at] ?? 0)) this.#take(slice, row, columns)
    }
  }

  #take({ rows, first = 0 }: TraceSlice, row: number, columns: FileColumns): void {
    this.#rowNumbers.push(first + row)
    this.#stamps.push(rows.ts[row] ?? 0n)
    this.#cpus.push(rows.cpu[row] ?? 0)
    this.#pids.push(rows.pid[row] ?? 0)
    for (const field of fileFields) this.#columns[field]?.push(columns[field][rows.index[row] ?? 0] ?? 0)
  }

  finish(): Excerpt {
    const count = this.#rowNumbers.length
    const rows = {
      count,
      ts: BigUint64Array.from(this.#stamps),
      cpu: Uint16Array.from(this.#cpus),
      type: new Uint16Array(count).fill(this.#type),
      index: Uint32Array.from(this.#rowNumbers, (_, at) => at),
      pid: Int32Array.from(this.#pids),
    }
    const columns: TraceSlice['columns'][number][] = []
    columns[this.#type] = Object.fromEntries(
      Object.entries(this.#columns).map(([field, values]) => [
        field,
        field === 'ref' ? Int32Array.from(values) : Uint32Array.from(values),
      ]),
    )
    const { types, pointers } = this.#last
    return { slice: { types, pointers, rows, columns, gaps: [] }, rowNumbers: this.#rowNumbers }
  }
}
