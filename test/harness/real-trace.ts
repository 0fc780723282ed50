import { readFileSync } from 'node:fs'
import type { Trace } from '../../addon/index.js'
import type { Phase } from '../../harness/decode/phase-marks.js'
import type { Tracepoint } from '../../harness/oracle/operations.js'
import { fixturesFolder } from './fixtures.js'
import type { KernelFeatures } from './kernel-features.js'
import { TraceBuilder } from './trace-builder.js'

/** A trace of a real guest; the file's first line says what its columns are. */
export function readRealTrace(name: string, features?: KernelFeatures): TraceBuilder {
  const builder = new TraceBuilder(features)
  const lines = readFileSync(`${fixturesFolder('traces')}/${name}.txt`, 'utf8')
    .trim()
    .split('\n')
  for (const line of lines.filter((text) => !text.startsWith('#'))) {
    const [op = '', ...values] = line.split(' ')
    if (op === 'phase') builder.phase(values[0] as Phase, Number(values[1]))
    else {
      const [nf = 0, inode = 0, file = 0, flags = 0, ref = 0, status = 0, ms = 0, pid = 0, cpu = 0] =
        values.map(Number)
      builder.at(ms).file(op as Tracepoint, { nf, inode, file, flags, ref, status, pid, cpu })
    }
  }
  return builder
}

/**
 * The same trace as trace-cmd would have recorded it without the module: nfsd's own events, which do not tell the nfsd_file, and of
 * which nfsd_file_alloc has no struct file either (test/fixtures/formats). `xid` and nf_may are left out.
 */
export function withoutModule(trace: Trace, clock = trace.clock): Trace {
  const module = trace.types.findIndex(({ name }) => name === 'fct_file')
  const { op, inode, file, flags, ref, status } = trace.columns[module] as Record<string, Uint32Array>
  const names = trace.types[module]!.symbols['op']!
  const typeOf = Uint16Array.from(op!, (value) =>
    trace.types.findIndex(({ system, name }) => system === 'nfsd' && name === names[value]),
  )
  const next = trace.types.map(() => 0)
  const rows = { ...trace.rows, type: trace.rows.type.slice(), index: trace.rows.index.slice() }
  rows.type.forEach((type, row) => {
    if (type !== module) return
    rows.type[row] = typeOf[trace.rows.index[row]!]!
    rows.index[row] = next[rows.type[row]]!++
  })
  const columns = trace.types.map(({ name }, type) => {
    const of = (column: Uint32Array): Uint32Array => column.filter((_, index) => typeOf[index] === type)
    // The decoder makes columns for what did not happen, too.
    if (!Object.values(names).includes(name)) return {}
    return {
      [name === 'nfsd_file_acquire' ? 'inode' : 'nf_inode']: of(inode!),
      nf_flags: BigUint64Array.from(of(flags!), BigInt),
      // Signed in some events, unsigned in others.
      nf_ref: name === 'nfsd_file_put' ? Uint32Array.from(of(ref!)) : Int32Array.from(of(ref!)),
      ...(name !== 'nfsd_file_alloc' && { nf_file: of(file!) }),
      ...(name === 'nfsd_file_acquire' && { status: of(status!) }),
    }
  })
  const fieldsOf = (type: number): Trace['types'][number]['fields'] =>
    Object.keys(columns[type] ?? {}).map((name) => ({ name }) as Trace['types'][number]['fields'][number])
  const types = trace.types.map((type, index) =>
    type.system === 'fctorture'
      ? { ...type, system: 'sched', name: `sched_${type.name}` }
      : { ...type, fields: fieldsOf(index) },
  )
  return { ...trace, clock, rows, columns, types }
}
