import type { Trace } from '../../../addon/index.js'
import type { TraceSlice } from '../../../harness/decode/load-trace.js'
import type { Random } from './model/random.js'

/** Events as no kernel writes them: any defect, and what nobody has thought of. */
export function mutate(trace: Trace, random: Random): void {
  const { op, nf, flags, ref } = trace.columns[1] as Record<string, Uint32Array>
  const { pid, index, type } = trace.rows
  const rows = [...type.keys()].filter((row) => type[row] === 1)
  for (let left = random.below(20); left > 0; left--) {
    const at = random.below(rows.length)
    const other = Math.min(at + random.below(12), rows.length - 1)
    const [one, two] = [index[rows[at]!]!, index[rows[other]!]!]
    const change = random.below(7)
    if (change === 0) [op![one], op![two]] = [op![two]!, op![one]!]
    if (change === 1) [nf![one], nf![two]] = [nf![two]!, nf![one]!]
    if (change === 2) ref![one] = random.pick([0, 1, 5, -1073741824])
    if (change === 3) flags![one] = random.below(16)
    if (change === 4) nf![one] = 0
    if (change === 5) pid[rows[at]!] = pid[rows[other]!]!
    if (change === 6) repeat(random.below(220), at)
  }

  /** The same again and again. */
  function repeat(times: number, from: number): void {
    for (const row of rows.slice(from, from + times)) {
      for (const column of [op, nf, flags]) column![index[row]!] = column![index[rows[from]!]!]!
      pid[row] = pid[rows[from]!]!
    }
  }
}

/** A trace as it comes from a file: in pieces, each with its own columns, and gaps when they have ended. */
export function* slicesOf(trace: Trace, size: number): Generator<TraceSlice> {
  const told = new Set<Trace['gaps'][number]>()
  for (let first = 0; first < trace.rows.count; first += size) {
    const end = Math.min(first + size, trace.rows.count)
    const { ts, cpu, type, index, pid } = trace.rows
    const starts = new Map<number, number>()
    const ends = new Map<number, number>()
    for (let row = first; row < end; row++) {
      if (!starts.has(type[row]!)) starts.set(type[row]!, index[row]!)
      ends.set(type[row]!, index[row]! + 1)
    }
    const gaps = trace.gaps.filter(
      (gap) => !told.has(gap) && (gap.before <= ts[end - 1]! || end === trace.rows.count),
    )
    for (const gap of gaps) told.add(gap)
    yield {
      types: trace.types,
      pointers: trace.pointers,
      first,
      gaps,
      rows: {
        count: end - first,
        ts: ts.slice(first, end),
        cpu: cpu.slice(first, end),
        type: type.slice(first, end),
        index: Uint32Array.from(index.slice(first, end), (at, row) => at - starts.get(type[first + row]!)!),
        pid: pid.slice(first, end),
      },
      columns: trace.columns.map((columns, number) =>
        starts.has(number)
          ? Object.fromEntries(
              Object.entries(columns).map(([name, values]) => [
                name,
                values.slice(starts.get(number), ends.get(number)),
              ]),
            )
          : undefined,
      ),
    }
  }
}
