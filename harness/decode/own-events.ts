import { unitOf } from './clock.js'
import type { Trace } from './load-trace.js'

type Columns = Trace['columns'][number]
type Merged = ReturnType<typeof emptyColumns>

/**
 * A trace of a kernel without the test module, as if the module had written it: each of nfsd's own nfsd_file_* events that carries
 * nf_ref is an fct_file event in the same row, the struct file standing in for the nfsd_file, which these events do not tell.
 *
 * A struct file is no identity: it is NULL before the open (nfsd_file_alloc) and where nothing was acquired, and its address is
 * used again within moments (facts/filecache.md, section 7). `ms` is the stamp where the clock counts time, else 0.
 *
 * @returns undefined if the trace has no such event
 */
export function asFileEvents(trace: Trace): Trace | undefined {
  const own = trace.types.flatMap(({ system, name }, type) => {
    const isOwn = system === 'nfsd' && name.startsWith('nfsd_file_')
    const columns = trace.columns[type] ?? {}
    return isOwn && 'nf_ref' in columns && 'nf_flags' in columns ? [{ name, type, columns }] : []
  })
  const count = own.reduce((sum, { columns }) => sum + lengthOf(columns), 0)
  if (count === 0) return undefined
  const merged = emptyColumns(count)
  const rows = { ...trace.rows, type: trace.rows.type.slice(), index: trace.rows.index.slice() }
  merge(trace, own, merged, rows)
  const names = Object.fromEntries(own.map(({ name }, op) => [op, name]))
  return {
    ...trace,
    rows,
    types: [...trace.types, { ...standIn, symbols: { op: names } }],
    columns: [...trace.columns, merged],
  }
}

const standIn = { id: 0, system: 'fctorture', name: 'fct_file', fields: [], flagFields: [] }

function merge(
  trace: Trace,
  own: readonly { readonly type: number; readonly columns: Columns }[],
  merged: Merged,
  rows: Trace['rows'],
): void {
  const readers = new Map(own.map(({ type, columns }, op) => [type, { op, ...readersOf(columns) }]))
  const isTime = unitOf(trace) === 'ns'
  let next = 0
  for (let row = 0; row < rows.count; row++) {
    const reader = readers.get(trace.rows.type[row] ?? -1)
    if (reader === undefined) continue
    const index = trace.rows.index[row] ?? 0
    merged.op[next] = reader.op
    merged.nf[next] = merged.file[next] = reader.file(index)
    merged.inode[next] = reader.inode(index)
    merged.flags[next] = reader.flags(index)
    merged.ref[next] = reader.ref(index)
    merged.status[next] = reader.status(index)
    merged.ms[next] = isTime ? Number((trace.rows.ts[row] ?? 0n) / 1_000_000n) : 0
    rows.type[row] = trace.types.length
    rows.index[row] = next++
  }
}

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
    op: column(),
    nf: column(),
    file: column(),
    inode: column(),
    flags: column(),
    ref: new Int32Array(count),
    status: column(),
    ms: column(),
  }
}
