import type { FileEvents } from '../decode/file-events.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'
import type { Lives } from './lives.js'
import { codes, codeSet } from './operations.js'

/**
 * How many puts of a task without an acquire are let pass after the trace began or events went missing: an
 * nfsd thread may have been inside a READ (one reference), and inside an extra acquire of the acquire
 * stressor (a second one).
 */
const unseenHolds = 2

const mostHeld = 64

interface Task {
  operation: number
  nf: number
  /** Generation of `nf` when `operation` happened. */
  generation: number
  /** Row of the task's last event, of ours or of nfsd; -1 if none is known. */
  row: number
  /** Row of its last nfsd_file_acquire or nfsd_file_put. */
  settledRow: number
  /** How often in a row the task has done `operation` with `nf`. */
  turns: number
  /** nfsd_file_cons_err since the last nfsd_file_acquire. */
  retries: number
  /** GC objects acquired and not yet put, by pointer id; the latest of them, should a defect make it grow. */
  held: number[]
  allowance: number
  /** Row of a put that nothing seen entitles the task to; -1 if there is none. */
  doubtfulPut: number
  /** What the last put took, to be given back should it turn out to be nfsd_file_do_acquire()'s own. */
  taken: 'nothing' | 'hold' | 'allowance'
  takenNf: number
}

/** What each task did last. A view: getters speak of the task of the last `select`. */
export class Tasks {
  readonly #tasks = new Map<number, Task>()
  #pid = -1
  #task: Task = newTask()
  /** nfsd_file_do_acquire() has gone another way than that to a refused lease. */
  readonly #construct = codeSet([
    'nfsd_file_alloc',
    'nfsd_file_open',
    'nfsd_file_opened',
    'nfsd_file_cons_err',
  ])
  /** Behind these their task may list the object, or take it off the LRU. */
  readonly #handles = codeSet(['nfsd_file_unhash', 'nfsd_file_put', 'nfsd_file_lru_add'])
  #openGaps = 0
  readonly #precedeLruAdd: Uint8Array
  /** Who adds to the LRU holds a reference until it has said so. */
  readonly #addersHold: boolean

  constructor(
    flavour: Flavour,
    readonly flags: FlagMasks,
  ) {
    this.#precedeLruAdd = codeSet(flavour.precedeLruAdd)
    this.#addersHold = flavour.holdReference.includes('nfsd_file_lru_add')
  }

  select(pid: number): void {
    if (pid === this.#pid && this.#openGaps === 0) return
    this.#pid = pid
    const known = this.#openGaps > 0 ? undefined : this.#tasks.get(pid)
    this.#task = known ?? newTask()
    if (!known) this.#tasks.set(pid, this.#task)
  }

  /** Code of the task's last event before this one; 0 if none is known. */
  get lastOperation(): number {
    return this.#task.operation
  }
  get lastNf(): number {
    return this.#task.nf
  }
  /** Row of the task's last event before this one; what the task does now it began to do later. */
  get lastRow(): number {
    return this.#task.row
  }
  /**
   * Row of the task's last nfsd_file_acquire or nfsd_file_put; neither stands between the lookup of an entry
   * and the nfsd_file_acquire that hands it out.
   */
  get settledRow(): number {
    return this.#task.settledRow
  }
  get doubtfulPut(): number {
    return this.#task.doubtfulPut
  }

  /**
   * Whether an nfsd_file_lru_add belongs to the present life of its object. Where it may come so late that the
   * memory holds the next object, the pointer does not tell, but the task's event before it does
   * (Flavour.precedeLruAdd).
   */
  ownsLruAdd(life: Lives): boolean {
    return this.#addersHold || this.#mayAdd(this.#task, life)
  }

  /**
   * How many other tasks may stand between list_lru_add() and its tracepoint with the object's present life.
   */
  countLateLruAdds(life: Lives): number {
    let count = 0
    for (const task of this.#tasks.values()) if (task !== this.#task && this.#mayAdd(task, life)) count++
    return count
  }

  #mayAdd({ operation, nf, generation }: Task, life: Lives): boolean {
    return this.#precedeLruAdd[operation] === 1 && nf === life.nf && generation === life.generation
  }

  /** A task may be about to take the object's present life off the LRU, or to put it there. */
  isSomebodyAt(life: Lives): boolean {
    for (const task of this.#tasks.values()) if (this.#isAt(task, life)) return true
    return false
  }

  /** The how manieth time in a row it is, this one included, that the task does this, or that an acquire of its tries again. */
  countTurns({ operation, nf }: FileEvents): number {
    const task = this.#task
    if (operation === codes.nfsd_file_cons_err) return task.retries + 1
    return task.operation === operation && task.nf === nf ? task.turns + 1 : 1
  }

  apply(event: FileEvents, life: Lives): void {
    const task = this.#task
    task.turns = this.countTurns(event)
    const { operation, nf } = event
    if (this.#handles[task.operation] === 1) life.leave(task.nf, task.generation, event.row)
    if (operation === codes.nfsd_file_cons_err) task.retries++
    if (operation === codes.nfsd_file_acquire) task.retries = 0
    if (operation === codes.nfsd_file_acquire) acquire(task, nf, this.#isGc(event))
    else if (operation === codes.nfsd_file_put) put(task, event, this.#isGc(event))
    else if (this.#construct[operation] === 1) task.taken = 'nothing'
    if (operation === codes.nfsd_file_acquire || operation === codes.nfsd_file_put)
      task.settledRow = event.row
    task.row = event.row
    task.operation = operation
    task.nf = nf
    task.generation = nf === 0 ? 0 : life.generation
  }

  /** The task has come to this row, without an event of nfsd's. */
  note(row: number): void {
    this.#task.row = row
  }

  #isAt({ operation, nf, generation }: Task, life: Lives): boolean {
    return this.#handles[operation] === 1 && nf === life.nf && generation === life.generation
  }

  #isGc({ flags }: FileEvents): boolean {
    return (flags & this.flags.gc) !== 0
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
    this.#tasks.clear()
    this.#pid = -1
  }
}

function acquire(task: Task, nf: number, isGc: boolean): void {
  if (nf === 0) giveBack(task)
  else if (isGc) hold(task, nf)
  task.doubtfulPut = -1
  task.taken = 'nothing'
}

/**
 * nfsd_open_break_lease() refused: the put before was of the reference that the lookup had taken, not of one
 * held before.
 */
function giveBack(task: Task): void {
  if (task.taken === 'hold') hold(task, task.takenNf)
  if (task.taken === 'allowance') task.allowance++
}

function put(task: Task, { nf, row }: FileEvents, isGc: boolean): void {
  task.doubtfulPut = -1
  task.taken = 'nothing'
  if (!isGc || (task.operation === codes.nfsd_file_cons_err && task.nf === nf)) return
  const held = task.held.lastIndexOf(nf)
  if (held < 0 && task.allowance === 0) {
    task.doubtfulPut = row
    return
  }
  task.taken = held >= 0 ? 'hold' : 'allowance'
  task.takenNf = nf
  if (held >= 0) task.held.splice(held, 1)
  else task.allowance--
}

function hold({ held }: Task, nf: number): void {
  held.push(nf)
  if (held.length > mostHeld) held.shift()
}

function newTask(): Task {
  return {
    operation: 0,
    nf: 0,
    generation: 0,
    turns: 0,
    retries: 0,
    row: -1,
    settledRow: -1,
    held: [],
    allowance: unseenHolds,
    doubtfulPut: -1,
    taken: 'nothing',
    takenNf: 0,
  }
}
