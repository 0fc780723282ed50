import type { FileEvents } from '../decode/file-events.js'
import { codes, codeSet } from './operations.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'

const unseen = 0
const unknown = 1
const alive = 2
const freed = 3
/** Allocated and nothing else, where it may never be heard of again (Flavour.losersVanish). */
const allocated = 4

/**
 * What the trace tells of each nfsd_file so far. An object is a pointer and a generation: slab memory is used
 * again, and each nfsd_file_alloc begins a life. A view: getters speak of the object of the last `select`.
 *
 * A life whose alloc was not seen, or that was half seen because events are missing, is not `isTracked`: of
 * such a life only what the trace says since is known, and rules that count accuse nobody.
 */
export class Lives {
  nf = 0
  begun = 0
  ended = 0
  /** Tracked lives that a gap in the trace made unknown. */
  cutByGaps = 0
  #openGaps = 0
  #epoch = 1
  readonly #leaveLru: Uint8Array
  readonly #atZero: Uint8Array
  readonly #atAlloc: typeof alive | typeof allocated
  readonly #epochs: Uint32Array
  readonly #states: Uint8Array
  readonly #tracked: Uint8Array
  readonly #generations: Uint32Array
  readonly #balances: Int32Array
  readonly #unhashes: Uint8Array
  readonly #earlyUnhashes: Uint8Array
  readonly #disposals: Uint8Array
  readonly #writebacks: Uint8Array
  readonly #users: Uint8Array
  readonly #touchedMs: Uint32Array
  readonly #leftRows: Int32Array
  readonly #lastRows: Int32Array
  readonly #beginRows: Int32Array
  readonly #unhashRows: Int32Array
  readonly #freeRows: Int32Array

  /** @param pointers Number of interned pointers: ids are below it. */
  constructor(
    pointers: number,
    flavour: Flavour,
    readonly flags: FlagMasks,
  ) {
    this.#leaveLru = codeSet(flavour.leaveLru)
    this.#atZero = codeSet(flavour.atZero)
    this.#atAlloc = flavour.losersVanish ? allocated : alive
    this.#epochs = new Uint32Array(pointers)
    this.#states = new Uint8Array(pointers)
    this.#tracked = new Uint8Array(pointers)
    this.#generations = new Uint32Array(pointers)
    this.#balances = new Int32Array(pointers)
    this.#unhashes = new Uint8Array(pointers)
    this.#earlyUnhashes = new Uint8Array(pointers)
    this.#disposals = new Uint8Array(pointers)
    this.#writebacks = new Uint8Array(pointers)
    this.#users = new Uint8Array(pointers)
    this.#touchedMs = new Uint32Array(pointers)
    this.#leftRows = new Int32Array(pointers).fill(-1)
    this.#lastRows = new Int32Array(pointers).fill(-1)
    this.#beginRows = new Int32Array(pointers).fill(-1)
    this.#unhashRows = new Int32Array(pointers).fill(-1)
    this.#freeRows = new Int32Array(pointers).fill(-1)
  }

  select(nf: number): void {
    this.nf = nf
    if (this.#epochs[nf] === this.#epoch && this.#openGaps === 0) return
    this.#epochs[nf] = this.#epoch
    this.#states[nf] = unseen
    this.#reset(nf, 0)
  }

  /** An nfsd_file_alloc was seen, and no free since; and it is not one that may have gone unseen. */
  get isAlive(): boolean {
    return this.#states[this.nf] === alive
  }
  /** An nfsd_file_free was seen, and no alloc since. */
  get isFreed(): boolean {
    return this.#states[this.nf] === freed
  }
  get isTracked(): boolean {
    return this.#tracked[this.nf] === 1
  }
  /** Tells the lives at one address apart; grows with each. */
  get generation(): number {
    return this.#generations[this.nf] ?? 0
  }
  /** nfsd_file_lru_add of this life minus what left the LRU; below 0 while an nfsd_file_lru_add is late. */
  get lruBalance(): number {
    return this.#balances[this.nf] ?? 0
  }
  get unhashes(): number {
    return this.#unhashes[this.nf] ?? 0
  }
  /** nfsd_file_unhash since the free, beyond the freed life's own: the next life's, before its alloc. */
  get earlyUnhashes(): number {
    return this.#earlyUnhashes[this.nf] ?? 0
  }
  /** How often somebody took the count to zero and queued the object for disposal. */
  get disposals(): number {
    return this.#disposals[this.nf] ?? 0
  }
  /** Acquires that no put has followed yet: so many references are held for callers, or more. */
  get users(): number {
    return this.#users[this.nf] ?? 0
  }
  /** The laundrette has passed the object over because of dirty pages. */
  get hadWriteback(): boolean {
    return this.#writebacks[this.nf] === 1
  }
  /** When somebody last used it, or last moved it to another list; ms since the module was loaded. */
  get touchedMs(): number {
    return this.#touchedMs[this.nf] ?? 0
  }
  get lastRow(): number {
    return this.#lastRows[this.nf] ?? -1
  }
  /** Row at which the last of those who had unhashed, put or listed it went on to something else; -1: none has. */
  get leftRow(): number {
    return this.#leftRows[this.nf] ?? -1
  }
  /** Row of its nfsd_file_alloc. */
  get beginRow(): number {
    return this.#beginRows[this.nf] ?? -1
  }
  /** Row of the nfsd_file_unhash of a life that was alive then; -1 as long as there was none. */
  get unhashRow(): number {
    return this.#unhashRows[this.nf] ?? -1
  }
  get freeRow(): number {
    return this.#freeRows[this.nf] ?? -1
  }

  /**
   * Takes the event into account.
   *
   * @param isOwnLruAdd An nfsd_file_lru_add that belongs to this life (Tasks.ownsLruAdd).
   */
  apply(event: FileEvents, isOwnLruAdd: boolean): void {
    const { nf } = this
    const { operation } = event
    this.#lastRows[nf] = event.row
    if (this.#states[nf] === unseen) this.#states[nf] = unknown
    if (this.#states[nf] === allocated && operation !== codes.nfsd_file_alloc) this.#live()
    if (this.#leaveLru[operation] === 1) this.#balances[nf] = this.lruBalance - 1
    if (isOwnLruAdd) this.#balances[nf] = this.lruBalance + 1
    if (this.#atZero[operation] === 1) this.#disposals[nf] = Math.min(this.disposals + 1, 255)
    switch (operation) {
      case codes.nfsd_file_alloc:
        this.#begin(event)
        break
      case codes.nfsd_file_free:
        this.#end(event)
        break
      case codes.nfsd_file_unhash:
        this.#countUnhash(event.row)
        return
      case codes.nfsd_file_gc_writeback:
        this.#writebacks[nf] = 1
        return
      case codes.nfsd_file_gc_referenced:
      case codes.nfsd_file_gc_aged:
      case codes.nfsd_file_gc_hashed:
        return
      case codes.nfsd_file_acquire:
        this.#users[nf] = Math.min(this.users + 1, 255)
        break
      case codes.nfsd_file_put:
        this.#users[nf] = Math.max(this.users - 1, 0)
    }
    this.#touchedMs[nf] = event.ms
  }

  /** Somebody who had to do with this life of an object does something else now. */
  leave(nf: number, generation: number, row: number): void {
    if (this.#generations[nf] === generation) this.#leftRows[nf] = row
  }

  /**
   * Events are missing: from here on nothing is known of any object, until `endGap` not even what is seen
   * happening.
   */
  beginGap(): void {
    this.#forgetAll()
    this.#openGaps++
  }

  endGap(): void {
    this.#forgetAll()
    this.#openGaps--
  }

  /** Selects each object whose present or last life is tracked, one after the other. */
  *eachTracked(): Generator<this> {
    for (let nf = 1; nf < this.#states.length; nf++) {
      if (this.#epochs[nf] !== this.#epoch || this.#tracked[nf] !== 1) continue
      this.nf = nf
      yield this
    }
  }

  #forgetAll(): void {
    for (const life of this.eachTracked()) if (life.isAlive) this.cutByGaps++
    this.#epoch++
  }

  #begin({ row, flags }: FileEvents): void {
    const { nf } = this
    // Counted too low does no harm, too high would accuse: both the events and the sample must say that it
    // was unhashed.
    const wasUnhashed = this.isFreed && (flags & this.flags.hashed) === 0
    const unhashes = wasUnhashed ? Math.min(this.earlyUnhashes, 1) : 0
    this.#states[nf] = this.#atAlloc
    this.#reset(nf, this.#openGaps > 0 ? 0 : 1)
    this.#unhashes[nf] = unhashes
    this.#beginRows[nf] = row
    if (this.#atAlloc === alive) this.begun++
  }

  #live(): void {
    this.#states[this.nf] = alive
    this.begun++
  }

  /**
   * A pending object has no alloc event: its insertion failed, or lost the race (facts/filecache.md, "Not
   * bugs").
   */
  #end({ row, flags }: FileEvents): void {
    const { nf } = this
    const wasAlive = this.#states[nf] === alive
    if (!wasAlive && (flags & this.flags.pending) !== 0) this.#reset(nf, 0)
    if (wasAlive) this.ended++
    else this.#ownUnhashes()
    this.#states[nf] = freed
    this.#freeRows[nf] = row
  }

  #countUnhash(row: number): void {
    const { nf } = this
    if (this.isAlive) this.#unhashRows[nf] = row
    const isEarly = this.#states[nf] === unknown || (this.isFreed && this.unhashes > 0)
    const counts = isEarly ? this.#earlyUnhashes : this.#unhashes
    counts[nf] = Math.min((counts[nf] ?? 0) + 1, 255)
  }

  /** The unhash of a life that was not seen to begin: it was no early one, as the free shows. */
  #ownUnhashes(): void {
    this.#unhashes[this.nf] = Math.max(this.unhashes, Math.min(this.earlyUnhashes, 1))
    this.#earlyUnhashes[this.nf] = 0
  }

  #reset(nf: number, tracked: 0 | 1): void {
    this.#generations[nf] = (this.#generations[nf] ?? 0) + 1
    this.#tracked[nf] = tracked
    this.#balances[nf] = 0
    this.#unhashes[nf] = 0
    this.#earlyUnhashes[nf] = 0
    this.#disposals[nf] = 0
    this.#writebacks[nf] = 0
    this.#users[nf] = 0
    this.#leftRows[nf] = -1
    this.#beginRows[nf] = -1
    this.#unhashRows[nf] = -1
    this.#freeRows[nf] = -1
  }
}
