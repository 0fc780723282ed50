import type { Tracepoint } from '../../../../harness/oracle/operations.js'
import { GC, HASHED, PENDING, REFERENCED, type TraceBuilder } from '../../trace-builder.js'
import type { Random } from './random.js'

/** A task's way through the kernel: it may be interrupted, for any time, at each yield. */
export type Steps<T = void> = Generator<undefined, T, undefined>

/** Defects that can be built in, each where the code in question stands. */
export type Defect =
  | 'none'
  | 'extra put'
  | 'close frees held'
  | 'free twice'
  | 'use after free'
  | 'add to lru twice'
  | 'remove from dispose list'
  | 'unhash twice'
  | 'leak the lru reference'
  | 'laundrette is never scheduled'
  | 'close leaves it on the lru'
  | 'lookup ignores hashed'
  | 'put does not look again'
  | 'put unlinks from dispose list'
  | 'free without grace period'
  | 'close misses'
  | 'close frees later'
  | 'close leaves files open'

export interface NfsdFile {
  readonly address: number
  readonly inode: number
  readonly gc: boolean
  ref: number
  hashed: boolean
  pending: boolean
  referenced: boolean
  onLru: boolean
}

export interface Task {
  readonly pid: number
  readonly cpu: number
  /** Inside rcu_read_lock(), or with preemption off. */
  readers: number
  isIdle: boolean
}

/**
 * fs/nfsd/filecache.c of Debian's 6.1.192 as a model that can be interleaved: the same operations in the same
 * order, atomic where the kernel's are, with a yield wherever another CPU can come between, above all between
 * an operation and its tracepoint. Memory is used again after a grace period.
 */
export class Kernel {
  defect: Defect = 'none'
  /**
   * With a preemptible kernel a task that was preempted outside of RCU's read side holds up no grace period.
   */
  isPreemptible = false
  /** How often nfsd_file_free() found the object on the LRU (its WARN). */
  warnings = 0
  misdeeds = 0
  /** As in /proc/fs/nfsd/filecache. */
  acquisitions = 0
  evictions = 0
  readonly tasks: Task[] = []
  readonly disposeQueue: NfsdFile[] = []
  readonly table = new Map<number, NfsdFile[]>()
  #lru: NfsdFile[] = []
  #lruLock: Task | undefined
  readonly #inodeLocks = new Map<number, Task>()
  #free: number[] = []
  #nextAddress = 1
  /** Freed, and given back before a grace period was over. */
  readonly #early = new Set<number>()
  #graces: { address: number; readers: Set<Task> }[] = []

  constructor(
    readonly random: Random,
    readonly trace: TraceBuilder,
  ) {}

  get lruCount(): number {
    return this.#lru.length
  }

  /** Does the task's misdeed now and then, if it is the one that was built in. */
  #errs(defect: Defect, oneIn = 3): boolean {
    if (this.defect !== defect || !this.random.chance(oneIn)) return false
    this.misdeeds++
    return true
  }

  *log(task: Task, op: Tracepoint, nf: NfsdFile | null, inode = nf?.inode ?? 0): Steps {
    // The count is read inside the probe, and the ring buffer takes its stamp a little before or after.
    const sample = this.#sample(nf)
    if (this.random.chance(4)) yield
    const values = this.random.chance(2) ? sample : this.#sample(nf)
    const address = nf?.address ?? 0
    this.trace.file(op, { ...values, nf: address, file: address, inode, pid: task.pid, cpu: task.cpu })
  }

  #sample(nf: NfsdFile | null): { ref: number; flags: number } {
    if (!nf) return { ref: 0, flags: 0 }
    const flag = (isSet: boolean, mask: number): number => (isSet ? mask : 0)
    const { ref, hashed, pending, referenced, gc } = nf
    return {
      ref,
      flags: flag(hashed, HASHED) | flag(pending, PENDING) | flag(referenced, REFERENCED) | flag(gc, GC),
    }
  }

  // RCU and the slab

  lockRcu(task: Task): void {
    task.readers++
  }

  unlockRcu(task: Task): void {
    task.readers--
    if (this.isPreemptible && task.readers === 0) this.#pass(task)
  }

  /** The task is between two operations: no reference of the past is in its registers. */
  quiesce(task: Task): void {
    task.isIdle = true
    this.#pass(task)
  }

  #pass(task: Task): void {
    for (const grace of this.#graces) grace.readers.delete(task)
    this.#free.push(...this.#graces.filter(({ readers }) => readers.size === 0).map(({ address }) => address))
    this.#graces = this.#graces.filter(({ readers }) => readers.size > 0)
  }

  #callRcu({ address }: NfsdFile): void {
    if (this.#errs('free without grace period')) {
      this.#early.add(address)
      this.#free.push(address)
      return
    }
    const mayHold = ({ readers, isIdle }: Task): boolean => (this.isPreemptible ? readers > 0 : !isIdle)
    this.#graces.push({ address, readers: new Set(this.tasks.filter(mayHold)) })
  }

  // The LRU (mm/list_lru.c)

  *#lockLru(task: Task): Steps {
    while (this.#lruLock) yield
    this.#lruLock = task
    task.readers++
  }

  #unlockLru(task: Task): void {
    this.#lruLock = undefined
    this.unlockRcu(task)
  }

  *lruAdd(task: Task, nf: NfsdFile): Steps<boolean> {
    nf.referenced = true
    yield* this.#lockLru(task)
    const isNew = !nf.onLru || this.#errs('add to lru twice', 1)
    if (!nf.onLru) this.#lru.push(nf)
    nf.onLru = true
    this.#unlockLru(task)
    if (!isNew) return false
    yield
    yield* this.log(task, 'nfsd_file_lru_add', nf)
    return true
  }

  *lruRemove(task: Task, nf: NfsdFile): Steps<boolean> {
    yield* this.#lockLru(task)
    const isQueued = this.disposeQueue.includes(nf) // by nf_lru, in older kernels
    const wasOn = nf.onLru || (isQueued && this.#errs('put unlinks from dispose list', 1))
    this.#isolate(nf)
    this.#unlockLru(task)
    if (!wasOn && !this.#errs('remove from dispose list', 20)) return false
    yield
    yield* this.log(task, 'nfsd_file_lru_del', nf)
    return true
  }

  #isolate(nf: NfsdFile): void {
    nf.onLru = false
    this.#lru = this.#lru.filter((other) => other !== nf)
  }

  /** nfsd_file_gc(), nfsd_file_lru_scan() and nfsd_file_lru_cb(). */
  *walkLru(task: Task): Steps {
    const dispose: NfsdFile[] = []
    yield* this.#lockLru(task)
    for (const nf of [...this.#lru]) {
      if (nf.referenced) {
        nf.referenced = false
        yield* this.log(task, 'nfsd_file_gc_referenced', nf)
        continue
      }
      if (--nf.ref > 0) {
        yield
        yield* this.log(task, 'nfsd_file_gc_in_use', nf)
        this.#isolate(nf)
        continue
      }
      yield* this.unhash(task, nf)
      this.#isolate(nf)
      dispose.push(nf)
      this.evictions++
      yield* this.log(task, 'nfsd_file_gc_disposed', nf)
    }
    this.#unlockLru(task)
    yield
    this.disposeQueue.push(...dispose)
  }

  // The life of an nfsd_file

  *unhash(task: Task, nf: NfsdFile): Steps<boolean> {
    if (!nf.hashed && !this.#errs('unhash twice')) return false
    nf.hashed = false
    yield
    yield* this.log(task, 'nfsd_file_unhash', nf)
    yield
    this.table.set(
      nf.inode,
      (this.table.get(nf.inode) ?? []).filter((other) => other !== nf),
    )
    return true
  }

  *free(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_free', nf)
    yield
    yield* this.unhash(task, nf)
    for (let closing = this.random.below(6); closing > 0; closing--) yield
    if (this.#errs('free twice')) yield* this.log(task, 'nfsd_file_free', nf)
    if (nf.onLru) this.warnings++
    else this.#callRcu(nf)
  }

  *put(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_put', nf)
    yield
    if (nf.gc && nf.hashed) {
      yield
      if (this.defect !== 'add to lru twice' && nf.ref !== 1) {
        nf.ref--
        return
      }
      yield
      if (yield* this.lruAdd(task, nf)) {
        yield
        if (isHashed(nf) || this.#errs('put does not look again', 1)) return
        if (!(yield* this.lruRemove(task, nf))) return
      }
    }
    yield
    if (--nf.ref !== 0) return
    yield* this.free(task, nf)
    if (this.#errs('use after free')) yield* this.log(task, 'nfsd_file_acquire', nf)
  }

  *condQueue(task: Task, nf: NfsdFile, dispose: NfsdFile[]): Steps {
    if (!(yield* this.unhash(task, nf))) return
    yield
    if (nf.ref === 0) return
    nf.ref++
    yield
    let decrement = 1
    if (nf.onLru && this.#errs('close leaves it on the lru')) decrement = 2
    else if (yield* this.lruRemove(task, nf)) decrement = 2
    yield
    nf.ref -= decrement
    if (nf.ref !== 0 && !this.#errs('close frees held')) return
    dispose.push(nf)
    yield* this.log(task, 'nfsd_file_closing', nf)
  }

  /** nfsd_file_queue_for_close(); what comes back has to be freed. */
  *queueForClose(task: Task, inode: number): Steps<NfsdFile[]> {
    const dispose: NfsdFile[] = []
    this.lockRcu(task)
    for (const nf of this.table.get(inode) ?? []) {
      yield
      if (nf.gc) yield* this.condQueue(task, nf, dispose)
    }
    this.unlockRcu(task)
    return dispose
  }

  *#lookup(inode: number, gc: boolean): Steps<NfsdFile | undefined> {
    for (const nf of this.table.get(inode) ?? []) {
      if (nf.gc !== gc || !this.#looksHashed(nf)) continue
      yield
      if (nf.ref === 0) continue
      nf.ref++
      return nf
    }
    return undefined
  }

  #looksHashed({ hashed }: NfsdFile): boolean {
    return hashed || this.defect === 'lookup ignores hashed'
  }

  #alloc(inode: number, gc: boolean): NfsdFile {
    const address = this.#free.pop() ?? this.#nextAddress++
    return { address, inode, gc, ref: 1, hashed: true, pending: true, referenced: false, onLru: false }
  }

  /** nfsd_file_do_acquire(). */
  *acquire(task: Task, inode: number, gc: boolean, mayRetry = true): Steps<NfsdFile | null> {
    this.lockRcu(task)
    const found = yield* this.#lookup(inode, gc)
    this.unlockRcu(task)
    if (!found) return yield* this.#construct(task, inode, gc, mayRetry)
    yield
    if (yield* this.lruRemove(task, found)) {
      yield
      if (!this.#errs('leak the lru reference')) found.ref--
    }
    return yield* this.#waitFor(task, found, mayRetry)
  }

  *#construct(task: Task, inode: number, gc: boolean, mayRetry: boolean): Steps<NfsdFile | null> {
    const fresh = this.#alloc(inode, gc)
    yield
    this.lockRcu(task)
    while (this.#inodeLocks.has(inode)) yield
    this.#inodeLocks.set(inode, task)
    const found = yield* this.#lookup(inode, gc)
    const hasFailed = this.random.chance(40)
    if (!found && !hasFailed) this.table.set(inode, [fresh, ...(this.table.get(inode) ?? [])])
    this.#inodeLocks.delete(inode)
    this.unlockRcu(task)
    yield
    if (found) {
      this.#free.push(fresh.address)
      return yield* this.#waitFor(task, found, mayRetry)
    }
    if (hasFailed) return yield* this.#failed(task, fresh)
    yield* this.log(task, 'nfsd_file_alloc', fresh)
    if (this.#early.delete(fresh.address)) this.trace.told('fct_reuse', { nf: fresh.address, pid: task.pid })
    return yield* this.#open(task, fresh)
  }

  *#open(task: Task, nf: NfsdFile): Steps<NfsdFile | null> {
    yield
    const isOpen = !this.random.chance(15)
    yield* this.log(task, 'nfsd_file_open', nf)
    if (!isOpen || this.random.chance(15)) yield* this.unhash(task, nf)
    yield
    nf.pending = false
    yield
    return isOpen ? yield* this.#acquired(task, nf, nf.inode) : yield* this.#failed(task, nf)
  }

  *#waitFor(task: Task, nf: NfsdFile, mayRetry: boolean): Steps<NfsdFile | null> {
    while (nf.pending) yield
    if (!this.#looksHashed(nf)) {
      yield* this.log(task, 'nfsd_file_cons_err', nf)
      if (!mayRetry) return yield* this.#failed(task, nf)
      yield* this.put(task, nf)
      return yield* this.acquire(task, nf.inode, nf.gc, false)
    }
    if (!this.random.chance(20)) return yield* this.#acquired(task, nf, nf.inode)
    yield* this.put(task, nf) // nfsd_open_break_lease() refused
    return yield* this.#acquired(task, null, nf.inode)
  }

  *#failed(task: Task, nf: NfsdFile): Steps<null> {
    yield
    if (--nf.ref === 0) yield* this.free(task, nf)
    yield* this.#acquired(task, null, nf.inode)
    return null
  }

  *#acquired(task: Task, nf: NfsdFile | null, inode: number): Steps<NfsdFile | null> {
    if (nf) this.acquisitions++
    yield* this.log(task, 'nfsd_file_acquire', nf, inode)
    return nf
  }

  /** READ or WRITE of NFSv3, with an extra acquire and put as the acquire stressor does them. */
  *readOrWrite(task: Task, inode: number): Steps {
    const nf = yield* this.acquire(task, inode, true)
    if (this.random.chance(3)) {
      const extra = yield* this.acquire(task, inode, true)
      if (extra) yield* this.put(task, extra)
    }
    yield
    if (!nf) return
    if (this.#errs('extra put')) yield* this.put(task, nf)
    yield* this.put(task, nf)
  }
}

/** Read anew: another task may have cleared it since the compiler last looked. */
function isHashed({ hashed }: NfsdFile): boolean {
  return hashed
}
