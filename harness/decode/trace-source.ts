import { openTrace, type FieldChoice, type ReadTraceOptions } from '../../addon/index.js'
import { fileFields } from './file-events.js'
import type { Trace, TraceHead, TraceSlice } from './load-trace.js'

/** A trace that can be read from front to back, as often as somebody wants to. */
export interface TraceSource {
  readonly head: TraceHead
  /** @throws Error as readTrace(), in the middle if it is there that something is wrong. */
  read(): AsyncIterable<TraceSlice>
}

/** A trace that is in memory. */
export function sourceOf(trace: Trace): TraceSource {
  return {
    head: trace,
    async *read() {
      yield await Promise.resolve(trace)
    },
  }
}

/**
 * A trace.dat of version 6 or 7 that is read batch by batch, with the columns that the oracle reads.
 *
 * @throws Error as readTrace().
 */
export async function openTraceSource(
  path: string,
  options: Pick<ReadTraceOptions, 'buffer'> = {},
): Promise<TraceSource> {
  const recording = await openTrace(path, options)
  const { types } = recording
  const head = { ...recording.head, types, perCpu: recording.summarize() }
  recording.close()
  const columns = columnsOf(types)
  return {
    head,
    async *read() {
      const trace = await openTrace(path, { ...options, columns })
      let first = 0
      for await (const batch of trace) {
        yield { ...batch, types: trace.types, pointers: trace.pointers, first }
        first += batch.rows.count
      }
      head.perCpu = trace.summarize()
    },
  }
}

/** What is read of nfsd's own events where the module does not speak. */
const ownFields = ['nf_file', 'nf_inode', 'inode', 'nf_flags', 'nf_ref', 'status']

/** The columns that the oracle reads. */
export function columnsOf(types: TraceHead['types']): FieldChoice {
  const hasModule = types.some(({ system, name }) => system === 'fctorture' && name === 'fct_file')
  const choose = ({ system, name, fields }: TraceHead['types'][number]): readonly string[] => {
    if (system === 'fctorture') return name === 'fct_file' ? fileFields : fields.map((field) => field.name)
    return system === 'nfsd' && !hasModule ? ownFields : []
  }
  return Object.fromEntries(types.map((type) => [`${type.system}:${type.name}`, choose(type)]))
}
