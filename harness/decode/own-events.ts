import { unitOf } from './clock.js'
import type { TraceHead, TraceSlice } from './load-trace.js'

type Columns = NonNullable<TraceSlice['columns'][number]>
type Merged = ReturnType<typeof emptyColumns>

/**
 * Rows of a kernel without the test module, as if the module had written them: each of nfsd's own nfsd_file_* events that carries
 * nf_ref is an fct_file event in the same row, the struct file standing in for the nfsd_file, which these events do not tell. The
 * type fct_file takes the place of the first of them.
 *
 * A struct file is no identity: it is NULL before the open (nfsd_file_alloc) and where nothing was acquired, and its address is
 * used again within moments, for the same inode almost always. `ms` is the stamp where the clock counts time, else 0.
 */
export class OwnEvents {
  /** By the trace's types: which of them are such events, by their place in `op`. */
  readonly #own: readonly { readonly name: string; readonly type: number }[]
  readonly #isTime: boolean

  private constructor(own: readonly { readonly name: string; readonly type: number }[], isTime: boolean) {
    this.#own = own
    this.#isTime = isTime
  }

  /** @returns undefined if the trace has no such event types */
  static of(head: Pick<TraceHead, 'types' | 'clock'>): OwnEvents | undefined {
    const own = head.types.flatMap(({ system, name, fields }, type) => {
      const has = (field: string): boolean => fields.some((other) => other.name === field)
      const isOwn = system === 'nfsd' && name.startsWith('nfsd_file_')
      return isOwn && has('nf_ref') && has('nf_flags') ? [{ name, type }] : []
    })
    return own.length === 0 ? undefined : new OwnEvents(own, unitOf(head) === 'ns')
  }

  /** The same rows; columns are copied. */
  convert(slice: TraceSlice): TraceSlice {
    const place = this.#own[0]?.type ?? 0
    const own = this.#own.flatMap(({ type }, op) => {
      const columns = slice.columns[type]
      return columns ? [{ type, op, columns }] : []
    })
    const merged = emptyColumns(own.reduce((sum, { columns }) => sum + lengthOf(columns), 0))
    const rows = { ...slice.rows, type: slice.rows.type.slice(), index: slice.rows.index.slice() }
    const readers = new Map(own.map(({ type, op, columns }) => [type, { op, ...readersOf(columns) }]))
    this.#merge(slice, { readers, merged, rows, place })
    const names = Object.fromEntries(this.#own.map(({ name }, op) => [op, name]))
    const types = slice.types.map((type, at) =>
      at === place ? { ...standIn, symbols: { op: names } } : type,
    )
    const columns = [...slice.columns]
    columns[place] = merged
    return { ...slice, types, columns, rows }
  }

  #merge({ rows: { count, type, index, ts } }: TraceSlice, { readers, merged, rows, place }: Merge): void {
    let next = 0
    for (let row = 0; row < count; row++) {
      const reader = readers.get(type[row] ?? -1)
      if (reader === undefined) continue
      const at = index[row] ?? 0
      merged.op[next] = reader.op
      merged.nf[next] = merged.file[next] = reader.file(at)
      merged.inode[next] = reader.inode(at)
      merged.flags[next] = reader.flags(at)
      merged.ref[next] = reader.ref(at)
      merged.status[next] = reader.status(at)
      merged.ms[next] = this.#isTime ? Number((ts[row] ?? 0n) / 1_000_000n) : 0
      rows.type[row] = place
      rows.index[row] = next++
    }
  }
}

interface Merge {
  readonly readers: ReadonlyMap<number, { readonly op: number } & ReturnType<typeof readersOf>>
  readonly merged: Merged
  readonly rows: TraceSlice['rows']
  /** The type that becomes fct_file. */
  readonly place: number
}

const standIn = { id: 0, system: 'fctorture', name: 'fct_file', fields: [], flagFields: [] }

/** Names of the fields differ between events and kernels. */
function readersOf(columns: Columns): Record<'file' | 'inode' | 'flags' | 'ref' | 'status', Reader> {
  return {
    file: readerOf(columns['nf_file']),
    inode: readerOf(columns['nf_inode'] ?? columns['inode']),
    flags: readerOf(columns['nf_flags']),
    ref: readerOf(columns['nf_ref']),
    status: readerOf(columns['status']),
  }
}

type Reader = (index: number) => number

/** An unsigned long of 64 bits is cut to the 32 that are in use. */
function readerOf(column: Columns[string] | undefined): Reader {
  return (index) => Number(BigInt.asUintN(32, BigInt(column?.[index] ?? 0)))
}

function lengthOf(columns: Columns): number {
  return columns['nf_ref']?.length ?? 0
}

function emptyColumns(count: number) {
  const column = (): Uint32Array => new Uint32Array(count)
  return {
    op: new Uint16Array(count),
    nf: column(),
    file: column(),
    inode: column(),
    flags: column(),
    ref: new Int32Array(count),
    status: column(),
    ms: column(),
  }
}
