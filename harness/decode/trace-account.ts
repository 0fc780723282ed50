import { CpuEnds } from './gap-bounds.js'
import type { Trace, TraceHead, TraceSlice } from './load-trace.js'

/** What there was in a trace, apart from what it means; complete once all of it has been seen. */
export class TraceAccount {
  rows = 0
  readonly gaps: Trace['gaps'] = []
  readonly ends: CpuEnds

  constructor(cpus: number) {
    this.ends = new CpuEnds(cpus)
  }

  push(slice: TraceSlice): void {
    this.rows += slice.rows.count
    this.gaps.push(...slice.gaps)
    this.ends.note(slice)
  }
}

/** How many events of each type a trace has. */
export class TypeCounts {
  readonly #types: TraceHead['types']
  readonly #counts = new Float64Array(1 << 16)

  constructor(types: TraceHead['types']) {
    this.#types = types
  }

  push({ rows: { type, count } }: TraceSlice): void {
    for (let row = 0; row < count; row++) {
      const number = type[row] ?? 0
      this.#counts[number] = (this.#counts[number] ?? 0) + 1
    }
  }

  /** @param event Its name, without the system. */
  countOf(event: string): number {
    return this.#counts[this.#types.findIndex(({ name }) => name === event)] ?? 0
  }
}
