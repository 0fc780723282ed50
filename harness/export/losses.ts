import type { Trace } from '../decode/load-trace.js'

export type Loss = Trace['gaps'][number]

/** Hands each loss out once, when the walk over the rows comes to the first event behind it. */
export class LossQueue {
  readonly #byCpu = new Map<number, Loss[]>()

  constructor({ gaps }: Trace) {
    for (const gap of gaps) this.#byCpu.set(gap.cpu, [...(this.#byCpu.get(gap.cpu) ?? []), gap])
  }

  /** What was lost on that CPU before an event of that stamp. */
  takeBefore(cpu: number, stamp: bigint): readonly Loss[] {
    const waiting = this.#byCpu.get(cpu)
    if (waiting === undefined || waiting.length === 0) return []
    const count = waiting.findIndex(({ before }) => before > stamp)
    return waiting.splice(0, count === -1 ? waiting.length : count)
  }

  /** What was lost behind the last event of its CPU. */
  takeRest(): Loss[] {
    return [...this.#byCpu.values()].flatMap((waiting) => waiting.splice(0))
  }
}
