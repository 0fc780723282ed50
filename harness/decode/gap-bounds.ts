import type { Trace, TraceSlice } from './load-trace.js'

/**
 * How much of what the ring buffer produced a trace holds.
 *
 * - `whole`: all of it, or the trace says where some was overwritten.
 * - `cut`: the reading broke off, as when a guest dies: each CPU's events are whole up to its last one.
 * - `holed`: events are missing, and nobody knows where.
 */
export type Coverage = 'whole' | 'cut' | 'holed'

/** The rows between which events are missing: what happened from `from` on and before `to` is half seen. */
export interface Gap {
  /** null if it is not known which. */
  readonly cpu: number | null
  /** First row that may stand after a missing event. */
  readonly from: number
  /** First row that surely stands after all of them; `rows.count` if there is none. */
  readonly to: number
  /** Number of events missing; null if the kernel did not say. */
  readonly missed: number | null
}

/** A gap begins or ends before the event of `row`. */
export interface GapEdge {
  readonly row: number
  readonly isBegin: boolean
}

/** A whole trace's gaps as rows, in the order in which they begin. */
export function findGaps(trace: Trace, coverage: Coverage): Gap[] {
  const ends = new CpuEnds(trace.cpus)
  ends.note(trace)
  const finder = new GapFinder(ends.gapsOf(coverage))
  finder.enter(trace)
  finder.end()
  return finder.list()
}

interface Sought extends Pick<Gap, 'cpu' | 'missed'> {
  /** Undefined as long as no row behind it has come. */
  from: number | undefined
  to: number | undefined
  /** Stamps of the events around it; none where rows are known. */
  readonly after?: bigint
  readonly before?: bigint
}

/** Finds the rows at which gaps begin and end, as the rows come. */
export class GapFinder {
  readonly #marks: Sought[]
  readonly #ends: readonly Sought[]
  readonly #isInformed: boolean
  /** Number of rows up to now. */
  #count = 0
  #lastStamp = -1n
  /** Gaps told of when rows behind their begin had gone by: only who reads again, with all that is known, sees them as such. */
  late = 0

  /**
   * @param ends Gaps whose rows are known.
   * @param marks Those of all slices, if they have been read before; else each slice tells of its own.
   */
  constructor(ends: readonly Gap[], marks?: Trace['gaps']) {
    this.#marks = (marks ?? []).map(seek)
    this.#ends = ends
    this.#isInformed = marks !== undefined
  }

  /** @returns the edges before events of the slice, in their order */
  enter({ rows, gaps, first = 0 }: TraceSlice): GapEdge[] {
    if (!this.#isInformed && gaps.length > 0) this.#add(gaps, first)
    const last = rows.ts[rows.count - 1]
    this.#count = first + rows.count
    if (last === undefined) return []
    this.#lastStamp = last
    const find = (isPast: (stamp: bigint) => boolean): number | undefined =>
      isPast(last) ? first + firstRow(rows, isPast) : undefined
    for (const gap of this.#marks) {
      const { after, before } = gap
      if (after !== undefined) gap.from ??= find((stamp) => stamp > after)
      if (before !== undefined) gap.to ??= find((stamp) => stamp >= before)
    }
    return this.#edges((row) => row >= first && row < this.#count)
  }

  /** @returns the edges behind the last event */
  end(): GapEdge[] {
    for (const gap of this.#marks) {
      gap.from ??= this.#count
      gap.to ??= this.#count
    }
    return this.#edges((row) => row >= this.#count)
  }

  /** In the order in which they begin. */
  list(): Gap[] {
    const rows = [...this.#marks, ...this.#ends].map(
      ({ cpu, from = this.#count, to = this.#count, missed }) => ({
        cpu,
        from,
        to,
        missed,
      }),
    )
    return rows.sort((a, b) => a.from - b.from)
  }

  #add(gaps: Trace['gaps'], first: number): void {
    for (const mark of gaps) {
      const gap = seek(mark)
      if (this.#lastStamp > mark.after) {
        gap.from = first
        this.late++
      }
      this.#marks.push(gap)
    }
  }

  #edges(isHere: (row: number) => boolean): GapEdge[] {
    const edges = [...this.#marks, ...this.#ends].flatMap(({ from, to }) => [
      ...(from !== undefined && isHere(from) ? [{ row: from, isBegin: true }] : []),
      ...(to !== undefined && isHere(to) ? [{ row: to, isBegin: false }] : []),
    ])
    return edges.sort((a, b) => a.row - b.row)
  }
}

function seek({ cpu, missed, after, before }: Trace['gaps'][number]): Sought {
  return { cpu, missed, after, before, from: undefined, to: undefined }
}

/** Where the events of each CPU end. */
export class CpuEnds {
  /** By CPU: the row behind its last event. */
  readonly #ends: Uint32Array
  #count = 0

  constructor(cpus: number) {
    this.#ends = new Uint32Array(cpus)
  }

  note({ rows: { count, cpu }, first = 0 }: TraceSlice): void {
    this.#count = first + count
    let missing = this.#ends.length
    for (let row = count - 1; row >= 0 && missing > 0; row--) {
      const number = cpu[row] ?? 0
      if ((this.#ends[number] ?? Infinity) > first) continue
      this.#ends[number] = first + row + 1
      missing--
    }
  }

  /** Each CPU has had all its events before this row, and of what it lost among them its slices have told. */
  get settled(): number {
    return Math.min(...this.#ends)
  }

  /** What is missing of a trace of that coverage, beside what it says itself. */
  gapsOf(coverage: Coverage): Gap[] {
    const to = this.#count
    if (coverage === 'whole') return []
    if (coverage === 'holed') return [{ cpu: null, from: 0, to, missed: null }]
    // CPUs do not break off at one time: behind the last event of one, those of the others tell half of it.
    return Array.from(this.#ends, (from, cpu) => ({ cpu, from, to, missed: null })).filter(
      ({ from }) => from < to,
    )
  }
}

/** Binary search: stamps never decrease. */
function firstRow({ ts, count }: TraceSlice['rows'], isPast: (stamp: bigint) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isPast(ts[middle] ?? 0n)) high = middle
    else low = middle + 1
  }
  return low
}
