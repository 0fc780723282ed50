import type { Batch, EventType } from '../../addon/index.js'

/** What trace_marker wrote, in the order of the trace. */
export function markers(
  { rows, columns }: Pick<Batch, 'rows' | 'columns'>,
  types: readonly EventType[],
  stringOf: (id: number) => string,
): string[] {
  const type = types.findIndex(({ name }) => name === 'print')
  const texts = columns[type]?.['buf'] as Uint32Array
  const ids = Array.from({ length: rows.count }, (_, row) => row).filter((row) => rows.type[row] === type)
  return ids.map((row) => stringOf(texts[rows.index[row]!]!).trimEnd())
}
