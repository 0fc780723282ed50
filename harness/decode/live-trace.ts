import { TraceStream, type StreamHead } from '../../addon/index.js'
import type { TraceHead, TraceSlice } from './load-trace.js'
import { columnsOf } from './trace-source.js'

/** Who judges them has other things to do as well: a run to drive. */
const batchRows = 16_384

/** A trace that is read while its pages come, with the columns that the oracle reads; rows come once their order is certain. */
export class LiveTrace implements AsyncIterable<TraceSlice> {
  readonly head: TraceHead
  readonly #stream: TraceStream
  #pushed = 0
  #decoded = 0

  /** @throws Error with code `FCT_DECODE_FORMAT` if a text is not what a kernel writes. */
  constructor(kernel: StreamHead & { readonly clock: string }) {
    const { types } = new TraceStream(kernel)
    this.#stream = new TraceStream(kernel, { columns: columnsOf(types), batchRows })
    const stream = this.#stream
    this.head = {
      clock: kernel.clock,
      cpus: kernel.cpus,
      comms: {},
      ringStats: [],
      types: stream.types,
      get perCpu() {
        return stream.summarize()
      },
    }
  }

  /** Of the pages pushed, how many have not become rows yet. */
  get waiting(): number {
    return this.#pushed - this.#decoded
  }

  /** @param page The next sub-buffer of the CPU; its unused end may be left out. */
  push(cpu: number, page: Uint8Array): void {
    this.#stream.push(cpu, page)
    this.#pushed++
  }

  /** Nothing more will come. Idempotent. */
  end(): void {
    this.#stream.end()
  }

  /** @throws Error as TraceStream, in the middle if it is there that something is wrong. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TraceSlice, void, undefined> {
    const { types, pointers } = this.#stream
    let first = 0
    for await (const batch of this.#stream) {
      this.#decoded = this.#stream.summarize().reduce((sum, { pages }) => sum + pages, 0)
      yield { ...batch, types, pointers, first }
      first += batch.rows.count
    }
  }
}
