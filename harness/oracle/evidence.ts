import { FileEvents } from '../decode/file-events.js'
import type { Trace } from '../decode/load-trace.js'
import { codeOf } from './operations.js'

const rowsBefore = 20
const rowsAfter = 3

/**
 * Writes the life of an object as a table: the last events up to the one that broke the rule, and the next
 * few.
 */
export class EvidenceWriter {
  readonly #trace: Trace
  readonly #events: FileEvents | undefined
  readonly #names: Readonly<Record<number, string>>
  readonly #flags: ReadonlyMap<string, number>
  /** Added to the trace's time, which begins when the module was loaded: seconds since boot. */
  readonly #bootSecond: number

  constructor(trace: Trace, flags: ReadonlyMap<string, number>, bootSecond: number) {
    this.#trace = trace
    this.#flags = flags
    this.#bootSecond = bootSecond
    this.#events = FileEvents.over(trace, codeOf)
    this.#names = trace.types[this.#events?.type ?? -1]?.symbols['op'] ?? {}
  }

  /** Guest second of an event. */
  secondAt(row: number): number {
    this.#events?.moveTo(row)
    return this.#bootSecond + (this.#events?.ms ?? 0) / 1000
  }

  /** @param row An fct_file event. @param says What is wrong with it. */
  write(row: number, says: string): string {
    const events = this.#events
    if (!events) return says
    events.moveTo(row)
    const { nf, inode } = events
    const head = `${says}\nnfsd_file ${this.#pointer(nf)}, inode ${this.#pointer(inode)}`
    const rows = [
      ...this.#rowsOf(nf, row, -1, rowsBefore).reverse(),
      ...this.#rowsOf(nf, row + 1, 1, rowsAfter),
    ]
    const table = rows.map((each) => this.#line(events, each, each === row))
    return [head, columns, ...table].join('\n')
  }

  /** Up to `most` rows of the object's events from `row` on, forwards or backwards. */
  #rowsOf(nf: number, row: number, step: 1 | -1, most: number): number[] {
    const events = this.#events
    const { type, count } = this.#trace.rows
    const found: number[] = []
    for (let at = row; events && at >= 0 && at < count && found.length < most; at += step) {
      if (type[at] !== events.type) continue
      events.moveTo(at)
      if (events.nf === nf) found.push(at)
    }
    return found
  }

  #line(events: FileEvents, row: number, isBroken: boolean): string {
    events.moveTo(row)
    const cells = [
      isBroken ? '>' : ' ',
      this.secondAt(row).toFixed(3).padStart(9),
      String(events.cpu).padStart(3),
      String(events.pid).padStart(7),
      (this.#names[events.rawOperation] ?? `op ${String(events.rawOperation)}`).padEnd(23),
      String(events.ref).padStart(4),
      ` ${this.#flagNames(events.flags)}`,
    ]
    return cells.join(' ').trimEnd()
  }

  #flagNames(flags: number): string {
    const known = [...this.#flags].filter(([, mask]) => (flags & mask) !== 0)
    const rest = known.reduce((left, [, mask]) => left & ~mask, flags) >>> 0
    const names = known.map(([name]) => name)
    if (rest !== 0) names.push(`0x${rest.toString(16)}`)
    return names.join('|')
  }

  #pointer(id: number): string {
    return `0x${(this.#trace.pointers[id] ?? 0n).toString(16)}`
  }
}

const columns = '     second cpu     pid event                    ref  flags'
