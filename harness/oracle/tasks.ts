import type { FileEvents } from '../decode/file-events.js'
import { effectBits, effectsOf } from './effects.js'
import { facts } from './facts.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'
import type { Lives } from './lives.js'
import { codes } from './operations.js'
import { grown, keyOf, lifeWords, never, operationBits, recordWords, shift, taskWords } from './records.js'

/**
 * How many puts of a task without an acquire are let pass after the trace began or events went missing: an
 * nfsd thread may have been inside a READ (one reference), and inside an extra acquire of the acquire
 * stressor (a second one).
 */
export const unseenHolds = 2

/** GC objects acquired and not yet put that are known of a task; the latest, should a defect make them more. */
export const mostHeld = 64

/** How far apart the lists of two tasks are, in words for each word between their records; the first word of each is 0. */
export const heldShift = 3
export const heldWords = recordWords << heldShift

/** So many turns in a row no sound path does (endless-loop says why). */
export const manyTurns = 100

const inDoubt = facts['put in doubt']
const turning = facts['many turns']

const operationMask = (1 << operationBits) - 1

/** What a put took, if it was not one of those held: the pointer's id is what it took then. */
const tookNothing = 0
const tookAllowance = -1

/** No pid of a record. */
const nobody = -0x8000_0000

/** So many pids are found without a look into a Map. */
export const nearPids = 1024

/**
 * What each task did last: a record for each that has occurred since the trace began or events went missing. A view:
 * getters speak of the task of the last `select`.
 */
export class Tasks {
  records = new Int32Array(64 * recordWords)
  /** By the lower bits of a pid: where the record of the last such pid is. */
  readonly near = new Int32Array(nearPids)
  /** Pointer ids, the latest last; see `heldShift`. */
  held = new Int32Array(64 * heldWords)
  #count = 0
  #at = 0
  readonly #atByPid = new Map<number, number>()
  #openGaps = 0
  readonly #effects: Int32Array
  /** Who adds to the LRU holds a reference until it has said so. */
  readonly addersHold: boolean

  constructor(
    flavour: Flavour,
    readonly flags: FlagMasks,
  ) {
    this.#effects = effectsOf(flavour)
    this.addersHold = flavour.holdReference.includes('nfsd_file_lru_add')
    this.#forgetAll()
  }

  /** @returns where its record is; while events are missing it is one of which nothing is known */
  find(pid: number): number {
    const known = this.#atByPid.get(pid)
    const at = known ?? this.#append()
    if (known !== undefined && this.#openGaps > 0) this.records.fill(0, at, at + recordWords)
    this.records[at + taskWords.pid] = pid
    this.#atByPid.set(pid, at)
    this.near[pid & (nearPids - 1)] = at
    return at
  }

  select(pid: number): void {
    this.#at = this.find(pid)
  }

  /** Facts of the task. */
  get facts(): number {
    const isTurning = this.#read(taskWords.repeats) === manyTurns - 2
    return this.#word | (isTurning ? turning : 0)
  }
  /** Code of the task's last event before this one; 0 if none is known. */
  get lastOperation(): number {
    return this.#read(taskWords.key) & operationMask
  }
  get lastNf(): number {
    return this.#read(taskWords.key) >>> operationBits
  }
  /** Row of the task's last event before this one, -1 if none is known; what the task does now it began to do later. */
  get lastRow(): number {
    return this.#read(taskWords.row) - 1
  }
  /**
   * Row of the task's last nfsd_file_acquire or nfsd_file_put; neither stands between the lookup of an entry
   * and the nfsd_file_acquire that hands it out.
   */
  get settledRow(): number {
    return this.#read(taskWords.settled) - 1
  }
  /** Row of a put that nothing seen entitles the task to; -1 if there is none. */
  get doubtfulPut(): number {
    return (this.#word & inDoubt) === 0 ? -1 : this.#read(taskWords.doubtful) - 1
  }

  /**
   * Whether an nfsd_file_lru_add belongs to the present life of its object. Where it may come so late that the
   * memory holds the next object, the pointer does not tell, but the task's event before it does
   * (Flavour.precedeLruAdd).
   */
  ownsLruAdd(life: Lives): boolean {
    return this.addersHold || this.#isAt(this.#at, life, effectBits.mayList)
  }

  /**
   * How many other tasks may stand between list_lru_add() and its tracepoint with the object's present life.
   */
  countLateLruAdds(life: Lives): number {
    let count = 0
    for (let at = 0; at < this.#count << shift; at += recordWords)
      if (at !== this.#at && this.#isAt(at, life, effectBits.mayList)) count++
    return count
  }

  /** A task may be about to take the object's present life off the LRU, or to put it there. */
  isSomebodyAt(life: Lives): boolean {
    for (let at = 0; at < this.#count << shift; at += recordWords)
      if (this.#isAt(at, life, effectBits.handles)) return true
    return false
  }

  /** The how manieth time in a row it is, this one included, that the task does this, or that an acquire of its tries again. */
  countTurns({ operation, nf }: Pick<FileEvents, 'operation' | 'nf'>): number {
    if (operation === codes.nfsd_file_cons_err) return this.#read(taskWords.retries) + 1
    return keyOf(operation, nf) === this.#read(taskWords.key) ? this.#read(taskWords.repeats) + 2 : 1
  }

  /**
   * Takes an event of the selected task into account.
   *
   * @param life The object's, as it is after the event.
   */
  apply(event: FileEvents, life: Lives): void {
    const { operation, nf, flags, row } = event
    const { records } = this
    const at = this.#at
    this.#leave(life, row + 1)
    const before = this.#read(taskWords.key)
    const isGc = (flags & this.flags.gc) !== 0
    this.#repeat(before === keyOf(operation, nf))
    if (operation === codes.nfsd_file_acquire) this.#acquire(nf, isGc)
    if (operation === codes.nfsd_file_put)
      this.#put(nf, row + 1, isGc && before !== keyOf(codes.nfsd_file_cons_err, nf))
    if (operation === codes.nfsd_file_cons_err) this.#retry()
    const effect = this.#effects[operation] ?? 0
    if ((effect & effectBits.constructs) !== 0) records[at + taskWords.taken] = tookNothing
    if ((effect & effectBits.settles) !== 0) records[at + taskWords.settled] = row + 1
    records[at + taskWords.key] = keyOf(operation, nf)
    records[at + taskWords.row] = row + 1
    records[at + taskWords.lingers] = (effect & (effectBits.handles | effectBits.mayList)) !== 0 ? row + 1 : 0
  }

  /** The selected task has come to this row, without an event of nfsd's. */
  note(row: number): void {
    this.records[this.#at + taskWords.row] = row + 1
  }

  /** @param caller As the task's record has it. */
  noteCaller(pid: number, caller: number): void {
    this.records[this.find(pid) + taskWords.caller] = caller
  }

  beginGap(): void {
    this.#forgetAll()
    this.#openGaps++
  }

  endGap(): void {
    this.#forgetAll()
    this.#openGaps--
  }

  #forgetAll(): void {
    this.#atByPid.clear()
    this.near.fill(0)
    this.records.fill(0)
    this.#count = 0
    // Record 0 is nobody's: it is what `near` says of pids that it does not know.
    this.records[this.#append() + taskWords.pid] = nobody
  }

  #append(): number {
    const at = this.#count++ << shift
    if (at === this.records.length) {
      this.records = grown(this.records, 0)
      this.held = grown(this.held, 0)
    }
    return at
  }

  /** The task goes on to something else than what it did last, with an object that is unhashed. */
  #leave(life: Lives, row: number): void {
    const nf = this.lastNf
    const isUnhashed = (life.records[(nf << shift) + lifeWords.unhash] ?? never) < row
    if (isUnhashed && this.#isOfLife(this.#at, nf, life)) life.records[(nf << shift) + lifeWords.left] = row
  }

  /** The task does once more what it did last, or something else. */
  #repeat(isSame: boolean): void {
    this.records[this.#at + taskWords.repeats] = isSame ? this.#read(taskWords.repeats) + 1 : 0
  }

  #acquire(nf: number, isGc: boolean): void {
    const { records } = this
    const at = this.#at
    if (nf === 0) this.#giveBack()
    else if (isGc) this.#hold(at, nf)
    records[at + taskWords.retries] = 0
    records[at + taskWords.taken] = tookNothing
    this.#word &= ~(inDoubt | turning)
  }

  /**
   * nfsd_open_break_lease() refused: the put before was of the reference that the lookup had taken, not of one
   * held before.
   */
  #giveBack(): void {
    const taken = this.#read(taskWords.taken)
    if (taken > 0) this.#hold(this.#at, taken)
    if (taken === tookAllowance) this.records[this.#at + taskWords.spent] = this.#read(taskWords.spent) - 1
  }

  #put(nf: number, row: number, isOfHeld: boolean): void {
    const { records } = this
    const at = this.#at
    this.#word &= ~inDoubt
    records[at + taskWords.taken] = tookNothing
    if (!isOfHeld) return
    const isHeld = this.#letGo(at, nf)
    const spent = this.#read(taskWords.spent)
    if (!isHeld && spent === unseenHolds) {
      records[at + taskWords.doubtful] = row
      this.#word |= inDoubt
      return
    }
    records[at + taskWords.taken] = isHeld ? nf : tookAllowance
    if (!isHeld) records[at + taskWords.spent] = spent + 1
  }

  #retry(): void {
    const retries = this.#read(taskWords.retries) + 1
    this.records[this.#at + taskWords.retries] = retries
    this.#word = (this.#word & ~turning) | (retries === manyTurns - 1 ? turning : 0)
  }

  #hold(at: number, nf: number): void {
    const first = (at << heldShift) + 1
    let count = this.records[at + taskWords.held] ?? 0
    if (count === mostHeld) this.held.copyWithin(first, first + 1, first + count--)
    this.held[first + count] = nf
    this.records[at + taskWords.held] = count + 1
  }

  /** @returns false if the task does not hold it */
  #letGo(at: number, nf: number): boolean {
    const { held } = this
    const first = (at << heldShift) + 1
    const last = (at << heldShift) + (this.records[at + taskWords.held] ?? 0)
    let index = last
    while (index >= first && held[index] !== nf) index--
    if (index < first) return false
    held.copyWithin(index, index + 1, last + 1)
    this.records[at + taskWords.held] = last - first
    return true
  }

  /** What the task did last was with the object's present life, and has this effect. */
  #isAt(at: number, life: Lives, effect: number): boolean {
    const key = this.records[at + taskWords.key] ?? 0
    if (key >>> operationBits !== life.nf || !this.#isOfLife(at, life.nf, life)) return false
    return ((this.#effects[key & operationMask] ?? 0) & effect) !== 0
  }

  /** The object's present life is the one behind which the task may still do something. */
  #isOfLife(at: number, nf: number, { records }: Lives): boolean {
    return (this.records[at + taskWords.lingers] ?? 0) >= (records[(nf << shift) + lifeWords.since] ?? 0)
  }

  get #word(): number {
    return this.records[this.#at] ?? 0
  }
  set #word(word: number) {
    this.records[this.#at] = word
  }

  #read(word: number): number {
    return this.records[this.#at + word] ?? 0
  }
}
