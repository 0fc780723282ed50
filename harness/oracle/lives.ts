import type { FileEvents } from '../decode/file-events.js'
import { FctError } from '../fct-error.js'
import { effectBits, effectsOf } from './effects.js'
import { factOfSign, facts } from './facts.js'
import { isPending, type FlagMasks, type Flavour } from './flavours/flavour.js'
import { codes } from './operations.js'
import type { Tasks } from './tasks.js'
import { grown, lifeWords, mostPointers, never, recordWords, shift } from './records.js'

const { alive, freed, unknown, allocated, tracked, unhashed, queued } = facts
const early = facts['unhashed early']
const dirty = facts['under writeback']
const users = facts['in use']
const oneUser = users & -users
const mostUsers = users / oneUser
const offLru = facts['off the LRU']
const balances = offLru | facts['on the LRU'] | facts['off the LRU too often']
const state = alive | freed | unknown | allocated
const begunAt = 0
const endedAt = 1

/**
 * What the trace tells of each nfsd_file so far. An object is a pointer and a generation: slab memory is used
 * again, and each nfsd_file_alloc begins a life. A view: getters speak of the object of the last `select`.
 *
 * A life whose alloc was not seen, or that was half seen because events are missing, is not `isTracked`: of
 * such a life only what the trace says since is known, and rules that count accuse nobody.
 *
 * There is a record for each pointer that has occurred. The slab gives the same addresses out again and again, so that
 * there are as many as were in use at once at the most, however long the trace is.
 */
export class Lives {
  nf = 0
  /** Lives begun, and those ended. */
  readonly totals = new Int32Array(2)
  /** Tracked lives that a gap in the trace made unknown. */
  cutByGaps = 0
  records = new Int32Array(1024 * recordWords)
  #openGaps = 0
  readonly #effects: Int32Array
  /** The fact that an nfsd_file_alloc makes true. */
  readonly atAlloc: number

  constructor(
    flavour: Flavour,
    readonly flags: FlagMasks,
  ) {
    this.#effects = effectsOf(flavour)
    this.atAlloc = flavour.losersVanish ? allocated : alive
  }

  get begun(): number {
    return this.totals[begunAt] ?? 0
  }
  get ended(): number {
    return this.totals[endedAt] ?? 0
  }

  /**
   * Makes room.
   *
   * @param pointers Number of interned pointers: ids are below it.
   * @throws FctError FCT_ORACLE_LIMIT if they are too many for records.
   */
  reserve(pointers: number): void {
    if (pointers > mostPointers)
      throw new FctError(
        'FCT_ORACLE_LIMIT',
        `the trace has more than ${String(mostPointers)} pointers, which is as many as can be judged`,
      )
    const words = pointers << shift
    if (words > this.records.length) this.records = grown(this.records, words)
  }

  /** @param row Of an event that has to do with it. */
  select(nf: number, row: number): void {
    this.nf = nf
    if (this.isInGap || this.#word === 0) this.#reset(row + 1)
  }

  /** Events are missing: what is seen says nothing of what was before it. */
  get isInGap(): boolean {
    return this.#openGaps > 0
  }

  /** An nfsd_file_alloc was seen, and no free since; and it is not one that may have gone unseen. */
  get isAlive(): boolean {
    return (this.#word & alive) !== 0
  }
  /** An nfsd_file_free was seen, and no alloc since. */
  get isFreed(): boolean {
    return (this.#word & freed) !== 0
  }
  get isTracked(): boolean {
    return (this.#word & tracked) !== 0
  }
  /** nfsd_file_lru_add of this life minus what left the LRU; below 0 while an nfsd_file_lru_add is late. */
  get lruBalance(): number {
    return this.#read(lifeWords.balance)
  }
  get wasUnhashed(): boolean {
    return (this.#word & unhashed) !== 0
  }
  /** An nfsd_file_unhash since the free, beyond the freed life's own: the next life's, before its alloc. */
  get wasUnhashedEarly(): boolean {
    return (this.#word & early) !== 0
  }
  /** One more nfsd_file_unhash would be neither the life's nor the next one's. */
  get wasUnhashedAlready(): boolean {
    return this.wasUnhashed && (this.isAlive || (this.isFreed && this.wasUnhashedEarly))
  }
  /** Somebody took the count to zero and queued the object for disposal. */
  get isQueued(): boolean {
    return (this.#word & queued) !== 0
  }
  /** Acquires that no put has followed yet: so many references are held for callers, or more. */
  get users(): number {
    return (this.#word & users) / oneUser
  }
  /** The laundrette has passed the object over because of dirty pages. */
  get hadWriteback(): boolean {
    return (this.#word & dirty) !== 0
  }
  /** When somebody last used it, or last moved it to another list; ms since the module was loaded. */
  get touchedMs(): number {
    return this.#read(lifeWords.touchedMs) >>> 0
  }
  get lastRow(): number {
    return this.#read(lifeWords.last) - 1
  }
  /**
   * Row at which the last of those who had unhashed, put or listed it went on to something else, of those who did so when
   * it was unhashed; -1: none has.
   */
  get leftRow(): number {
    return this.#read(lifeWords.left) - 1
  }
  /** Row of its nfsd_file_alloc. */
  get beginRow(): number {
    return this.#read(lifeWords.begin) - 1
  }
  /** Row of the nfsd_file_unhash of a life that was alive then; -1 as long as there was none. */
  get unhashRow(): number {
    const row = this.#read(lifeWords.unhash)
    return row === never ? -1 : row - 1
  }
  get freeRow(): number {
    return this.#read(lifeWords.free) - 1
  }

  /** Whoever had unhashed, put or listed it had gone on to something else before the task's event before this one. */
  wasLeftBefore(task: Tasks): boolean {
    return task.lastRow > Math.max(this.unhashRow, this.leftRow) && !task.isSomebodyAt(this)
  }

  /** The facts of the selected life, and those of the event that depend on it. @param task The event's. */
  factsBefore({ inode, flags }: Pick<FileEvents, 'inode' | 'flags'>, task: Tasks): number {
    const word = this.#word
    const { unhashRow, lruBalance } = this
    const isUnhashed = unhashRow >= 0
    const isFreed = (word & freed) !== 0 && !isPending(flags, this.flags)
    return (
      word |
      (this.wasLeftBefore(task) && isUnhashed ? facts['left unhashed'] : 0) |
      (isUnhashed && unhashRow < task.settledRow ? facts['settled since unhash'] : 0) |
      (this.wasUnhashedAlready ? facts['unhashed already'] : 0) |
      (isFreed ? facts['freed, not pending'] : 0) |
      (lruBalance <= 0 && task.countLateLruAdds(this) <= -lruBalance ? facts['not added'] : 0) |
      this.#factsOfClose(inode, flags, task)
    )
  }

  /**
   * Takes an event of the selected object into account.
   *
   * @param isOwnLruAdd An nfsd_file_lru_add that belongs to this life (Tasks.ownsLruAdd).
   */
  apply({ operation, row, flags, ms }: FileEvents, isOwnLruAdd: boolean): void {
    const { records } = this
    const at = this.nf << shift
    const effect = this.#effects[operation] ?? 0
    records[at + lifeWords.last] = row + 1
    records[at + (effect & effectBits.touched)] = ms
    this.#meet(operation)
    this.#move((isOwnLruAdd ? 1 : 0) - ((effect & effectBits.leavesLru) !== 0 ? 1 : 0))
    this.#word |= effect & (facts.queued | facts['under writeback'])
    if (operation === codes.nfsd_file_acquire && this.users < mostUsers) this.#word += oneUser
    if (operation === codes.nfsd_file_put && this.users > 0) this.#word -= oneUser
    if (operation === codes.nfsd_file_alloc) this.#begin(row + 1, flags)
    if (operation === codes.nfsd_file_free) this.#end(row + 1, flags)
    if (operation === codes.nfsd_file_unhash) this.#unhash(row + 1)
  }

  /** A call of nfsd_file_close_inode_sync() for the inode has returned. */
  noteClose(inode: number, beginRow: number, endRow: number): void {
    const at = inode << shift
    this.records[at + lifeWords.closeBegin] = beginRow + 1
    this.records[at + lifeWords.closeEnd] = endRow + 1
  }
  /** Row at which the last call for the inode began that has returned; -1 if there was none. */
  closeBeginRow(inode: number): number {
    return (this.records[(inode << shift) + lifeWords.closeBegin] ?? 0) - 1
  }
  closeEndRow(inode: number): number {
    return (this.records[(inode << shift) + lifeWords.closeEnd] ?? 0) - 1
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
    const { records } = this
    for (let at = 0; at < records.length; at += recordWords) {
      if (((records[at] ?? 0) & tracked) === 0) continue
      this.nf = at >> shift
      yield this
    }
  }

  #factsOfClose(inode: number, flags: number, { lastRow }: Tasks): number {
    if (!this.isAlive || this.beginRow >= this.closeBeginRow(inode)) return 0
    if ((flags & this.flags.gc) === 0 || this.closeEndRow(inode) >= lastRow) return 0
    return (
      facts['outlived a close'] | ((flags & this.flags.hashed) !== 0 ? facts['hashed behind a close'] : 0)
    )
  }

  #forgetAll(): void {
    const { records } = this
    for (let at = 0; at < records.length; at += recordWords) {
      const word = records[at] ?? 0
      if ((word & tracked) !== 0 && (word & alive) !== 0) this.cutByGaps++
      // What closes have returned is known as before.
      records.fill(0, at, at + lifeWords.closeBegin)
    }
  }

  #move(by: number): void {
    const balance = this.lruBalance + by
    this.records[(this.nf << shift) + lifeWords.balance] = balance
    this.#word = (this.#word & ~balances) | factOfSign(balance, offLru)
  }

  #begin(row: number, flags: number): void {
    // Counted too low does no harm, too high would accuse: both the events and the sample must say that it
    // was unhashed.
    const wasUnhashed = this.isFreed && (flags & this.flags.hashed) === 0 && this.wasUnhashedEarly
    this.#reset(row)
    this.#word |= this.atAlloc | (this.isInGap ? 0 : tracked) | (wasUnhashed ? unhashed : 0)
    this.records[(this.nf << shift) + lifeWords.begin] = row
    if (this.atAlloc === alive) this.#count(begunAt)
  }

  /**
   * A pending object has no alloc event: its insertion failed, or lost the race, whose loser nfsd_file_do_acquire()
   * gives to nfsd_file_free() since 6.12.
   */
  #end(row: number, flags: number): void {
    if (this.isAlive) this.#count(endedAt)
    else {
      if ((flags & this.flags.pending) !== 0) this.#reset(row)
      // The unhash of a life that was not seen to begin: it was no early one, as the free shows.
      if (this.wasUnhashedEarly) this.#word = (this.#word & ~early) | unhashed
    }
    this.#word = (this.#word & ~state) | freed
    this.records[(this.nf << shift) + lifeWords.free] = row
  }

  #unhash(row: number): void {
    if (this.isAlive) this.records[(this.nf << shift) + lifeWords.unhash] = row
    const isEarly = (this.#word & unknown) !== 0 || (this.isFreed && this.wasUnhashed)
    this.#word |= isEarly ? early : unhashed
  }

  /** An object of which nothing was seen, or nothing but its alloc. */
  #meet(operation: number): void {
    if ((this.#word & state) === 0) this.#word |= unknown
    if ((this.#word & allocated) === 0 || operation === codes.nfsd_file_alloc) return
    this.#word = (this.#word & ~allocated) | alive
    this.#count(begunAt)
  }

  /** @param row Counted from 1. */
  #reset(row: number): void {
    const { records } = this
    const at = this.nf << shift
    records[at] = offLru
    records[at + lifeWords.since] = row
    records[at + lifeWords.balance] = records[at + lifeWords.left] = records[at + lifeWords.begin] = 0
    records[at + lifeWords.unhash] = never
    records[at + lifeWords.free] = 0
  }

  #count(which: number): void {
    this.totals[which] = (this.totals[which] ?? 0) + 1
  }

  get #word(): number {
    return this.records[this.nf << shift] ?? 0
  }
  set #word(word: number) {
    this.records[this.nf << shift] = word
  }

  #read(word: number): number {
    return this.records[(this.nf << shift) + word] ?? 0
  }
}
