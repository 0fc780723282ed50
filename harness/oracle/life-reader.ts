import { unitOf } from '../decode/clock.js'
import type { Excerpt } from '../decode/excerpt.js'
import { FileEvents } from '../decode/file-events.js'
import type { TraceHead } from '../decode/load-trace.js'
import type { Flavour } from './flavours/flavour.js'
import {
  isShown,
  type LeftOut,
  type LifeStep,
  type ObjectKey,
  type ObjectLife,
  type ObjectList,
} from './object-life.js'
import { codeOf, codes, codeSet } from './operations.js'

/** What the rows of a trace cannot say of themselves. */
export interface LifeContext {
  readonly key: ObjectKey
  /** Undefined if it is not known: then nobody knows on which list an object is. */
  readonly flavour: Flavour | undefined
  /** Name -> mask. */
  readonly flags: ReadonlyMap<string, number>
  /** Added to the trace's time, which begins when the module was loaded: seconds since boot. */
  readonly bootSecond: number
}

/** The rows of one life, and the object's name. */
interface LifeRows {
  readonly object: string
  readonly rows: readonly number[]
}

/**
 * Finds the lives of objects in what was taken out of a trace: a life is a pointer and a generation, as slab memory is used
 * again. Rows are those of the trace.
 */
export class LifeReader {
  readonly #head: TraceHead
  readonly #excerpt: Excerpt
  readonly #places: ReadonlyMap<number, number>
  readonly #events: FileEvents | undefined
  readonly #context: LifeContext
  readonly #begin: Uint8Array
  readonly #hasTime: boolean

  constructor(head: TraceHead, excerpt: Excerpt, context: LifeContext) {
    this.#head = head
    this.#excerpt = excerpt
    this.#places = new Map(excerpt.rowNumbers.map((row, place) => [row, place]))
    this.#events = FileEvents.over(excerpt.slice, codeOf)
    this.#context = context
    this.#begin = codeSet(
      context.key === 'nfsd_file' ? ['nfsd_file_alloc'] : ['nfsd_file_open', 'nfsd_file_opened'],
    )
    // The module counts milliseconds whatever the ring buffer's clock counts.
    this.#hasTime = context.key === 'nfsd_file' || unitOf(head) === 'ns'
  }

  /** Guest second of an event. */
  secondAt(row: number): number {
    return this.#context.bootSecond + this.#at(row).ms / 1000
  }

  /** The life that an event belongs to. An event that begins one ends the life before, which it may accuse. */
  rowsAround(row: number): LifeRows {
    const lives = this.#livesOf(this.#nfAt(row))
    const at = lives.findIndex(({ rows }) => rows.includes(row))
    const [life, before] = [lives[at], lives[at - 1]]
    if (life === undefined) return { object: '', rows: [] }
    const isBirth = life.rows[0] === row && before !== undefined && before.rows.length > 0
    return isBirth ? { object: before.object, rows: [...before.rows, row] } : life
  }

  /**
   * The lives at an address.
   *
   * @param generation Only this one.
   * @returns none if the trace does not know the address
   */
  find(address: bigint, generation?: number): LifeRows[] {
    const { rowNumbers } = this.#excerpt
    const row = rowNumbers.find((each) => this.#pointer(this.#nfAt(each)) === spell(address))
    const nf = row === undefined ? 0 : this.#nfAt(row)
    if (nf === 0) return []
    const lives = this.#livesOf(nf).filter(({ rows }) => rows.length > 0)
    return generation === undefined
      ? lives
      : lives.filter(({ object }) => object.endsWith(`#${String(generation)}`))
  }

  /** @param isWhole Leaves nothing out of a long life. */
  read({ object, rows }: LifeRows, broken: readonly number[] = [], isWhole = false): ObjectLife {
    const lists = this.#listsOf(rows)
    const mark = broken.length > 0 ? rows.indexOf(broken[0] ?? -1) : -1
    const parts: (LifeStep | LeftOut)[] = []
    let leftOut = 0
    rows.forEach((row, index) => {
      if (!isWhole && !isShown(index, rows.length, mark)) {
        leftOut++
        return
      }
      if (leftOut > 0) parts.push({ leftOut })
      leftOut = 0
      parts.push(this.step(row, lists[index] ?? 'unknown', broken.includes(row)))
    })
    const { key } = this.#context
    return { object, key, inode: this.#inodeAt(rows.at(-1)), count: rows.length, parts }
  }

  step(row: number, list: ObjectList, isBroken: boolean): LifeStep {
    const { cpu, pid, rawOperation, ref, flags } = this.#at(row)
    return {
      row,
      second: this.#hasTime ? this.secondAt(row) : null,
      stamp: String(this.#excerpt.slice.rows.ts[this.#places.get(row) ?? -1] ?? 0n),
      cpu,
      pid,
      comm: this.#head.comms[pid] ?? '',
      operation: this.#at(row).nameOf(rawOperation),
      ref,
      flags: this.#flagNames(flags),
      list,
      isBroken,
    }
  }

  /** All lives at an address; the first one, #0, is what the trace shows of it before any begins. */
  #livesOf(nf: number): LifeRows[] {
    const lives: number[][] = [[]]
    for (const row of this.#excerpt.rowNumbers) {
      const { nf: other, operation } = this.#at(row)
      if (other !== nf) continue
      if (this.#begin[operation] === 1) lives.push([])
      lives.at(-1)?.push(row)
    }
    const address = this.#pointer(nf)
    return lives.map((rows, generation) => ({ object: `${address}#${String(generation)}`, rows }))
  }

  /** On which list each of the events leaves the object. */
  #listsOf(rows: readonly number[]): ObjectList[] {
    const { flavour } = this.#context
    if (flavour === undefined) return rows.map(() => 'unknown')
    const [leave, dispose] = [codeSet(flavour.leaveLru), codeSet(flavour.atZero)]
    let list: ObjectList = this.#begin[this.#operationAt(rows[0])] === 1 ? 'none' : 'unknown'
    return rows.map((row) => {
      const operation = this.#operationAt(row)
      if (operation === codes.nfsd_file_lru_add) list = 'LRU'
      else if (dispose[operation] === 1) list = 'dispose'
      else if (leave[operation] === 1) list = 'none'
      // Who frees has emptied the dispose list; an object that is freed on the LRU stays there.
      else if (operation === codes.nfsd_file_free && list === 'dispose') list = 'none'
      return list
    })
  }

  #operationAt(row: number | undefined): number {
    return row === undefined ? 0 : this.#at(row).operation
  }

  #inodeAt(row: number | undefined): string {
    return this.#pointer(row === undefined ? 0 : this.#at(row).inode)
  }

  #nfAt(row: number): number {
    return this.#at(row).nf
  }

  #at(row: number): FileEvents {
    const events = this.#events
    if (events === undefined) throw new RangeError('the trace has no events of an nfsd_file')
    events.moveTo(this.#places.get(row) ?? -1)
    return events
  }

  #pointer(id: number): string {
    return spell(this.#excerpt.slice.pointers[id] ?? 0n)
  }

  #flagNames(flags: number): string {
    const known = [...this.#context.flags].filter(([, mask]) => (flags & mask) !== 0)
    const rest = known.reduce((left, [, mask]) => left & ~mask, flags) >>> 0
    const names = known.map(([name]) => name)
    if (rest !== 0) names.push(`0x${rest.toString(16)}`)
    return names.join('|')
  }
}

function spell(pointer: bigint): string {
  return `0x${pointer.toString(16)}`
}
