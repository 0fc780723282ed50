import type { Tracepoint } from '../../../../harness/oracle/operations.js'
import type { KernelFeatures } from '../../kernel-features.js'
import type { TraceBuilder } from '../../trace-builder.js'
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
  | 'leak the table reference'
  | 'laundrette is never scheduled'
  | 'close leaves it on the lru'
  | 'purge frees held'
  | 'lookup from dispose list'
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
  recent: boolean
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
 * What all generations of the file cache stand on: RCU, the slab, the LRU and its lock, the hash table, and a
 * log. Operations are atomic where the kernel's are; there is a yield wherever another CPU can come between,
 * above all between an operation and its tracepoint. Memory is used again after a grace period.
 */
export abstract class Machine {
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
  protected lru: NfsdFile[] = []
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
    readonly features: KernelFeatures,
  ) {}

  /** nfsd_file_acquire(), nfsd_file_acquire_gc(): with a reference for the caller. */
  abstract acquire(task: Task, inode: number, gc: boolean): Steps<NfsdFile | null>
  /** nfsd_file_put(). */
  abstract put(task: Task, nf: NfsdFile): Steps
  /** nfsd_file_close_inode_sync(), or nfsd_file_close_inode(), which leaves the freeing to others. */
  abstract closeInode(task: Task, inode: number): Steps
  /** A pass of the laundrette. */
  abstract walkLru(task: Task): Steps
  /** The shrinker, where it sees entries with other eyes than the laundrette. */
  shrink(task: Task): Steps {
    return this.walkLru(task)
  }
  /** What a dispose list does with one of its entries. */
  abstract dispose(task: Task, nf: NfsdFile): Steps
  /** nfsd_file_cache_purge() of everything. */
  abstract purge(task: Task): Steps

  *disposeQueued(task: Task): Steps {
    for (let nf = this.disposeQueue.shift(); nf; nf = this.disposeQueue.shift()) yield* this.dispose(task, nf)
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
    if (this.errs('extra put')) yield* this.put(task, nf)
    yield* this.put(task, nf)
  }

  get lruCount(): number {
    return this.lru.length
  }

  /** Does the task's misdeed now and then, if it is the one that was built in. */
  errs(defect: Defect, oneIn = 3): boolean {
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
    const { HASHED = 0, PENDING = 0, REFERENCED = 0, GC = 0, RECENT = 0 } = this.features.flags
    const flag = (isSet: boolean, mask: number): number => (isSet ? mask : 0)
    const { ref, hashed, pending, referenced, gc, recent } = nf
    return {
      ref,
      flags:
        flag(hashed, HASHED) |
        flag(pending, PENDING) |
        flag(referenced, REFERENCED) |
        flag(gc, GC) |
        flag(recent, RECENT),
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

  /** @param ref What nfsd_file_alloc() sets the count to. */
  protected allocate(inode: number, gc: boolean, ref: number): NfsdFile {
    const address = this.#free.pop() ?? this.#nextAddress++
    const flags = { hashed: true, pending: true, referenced: false, recent: false }
    return { address, inode, gc, ref, ...flags, onLru: false }
  }

  /** kmem_cache_free() at once, of what nobody else has seen. */
  protected giveBack({ address }: NfsdFile): void {
    this.#free.push(address)
  }

  /** The end of nfsd_file_free(): what is still listed is leaked, with a warning. */
  protected release(nf: NfsdFile): void {
    if (nf.onLru) this.warnings++
    else this.#callRcu(nf)
  }

  #callRcu({ address }: NfsdFile): void {
    if (this.errs('free without grace period')) {
      this.#early.add(address)
      this.#free.push(address)
      return
    }
    const mayHold = ({ readers, isIdle }: Task): boolean => (this.isPreemptible ? readers > 0 : !isIdle)
    this.#graces.push({ address, readers: new Set(this.tasks.filter(mayHold)) })
  }

  /** What the module says when it sees memory come back that was freed within the same grace period. */
  protected tellReuse({ pid }: Task, { address }: NfsdFile): void {
    if (this.#early.delete(address)) this.trace.told('fct_reuse', { nf: address, pid })
  }

  // The hash table

  protected *lockInode(task: Task, inode: number): Steps {
    this.lockRcu(task)
    while (this.#inodeLocks.has(inode)) yield
    this.#inodeLocks.set(inode, task)
  }

  protected unlockInode(task: Task, inode: number): void {
    this.#inodeLocks.delete(inode)
    this.unlockRcu(task)
  }

  protected hash(nf: NfsdFile): void {
    this.table.set(nf.inode, [nf, ...this.hashedOn(nf.inode)])
  }

  protected unhashed(nf: NfsdFile): void {
    this.table.set(
      nf.inode,
      this.hashedOn(nf.inode).filter((other) => other !== nf),
    )
  }

  protected hashedOn(inode: number): readonly NfsdFile[] {
    return this.table.get(inode) ?? []
  }

  /** nfsd_file_get() of a hashed entry that fits. The caller is a reader of RCU, or has the lock. */
  protected *lookup(inode: number, gc: boolean): Steps<NfsdFile | undefined> {
    for (const nf of this.hashedOn(inode)) {
      if (nf.gc !== gc || !this.looksHashed(nf)) continue
      yield
      if (nf.ref === 0) continue
      nf.ref++
      return nf
    }
    return undefined
  }

  protected looksHashed({ hashed }: NfsdFile): boolean {
    return hashed || this.defect === 'lookup ignores hashed'
  }

  // The LRU (mm/list_lru.c)

  protected *lockLru(task: Task): Steps {
    while (this.#lruLock) yield
    this.#lruLock = task
    task.readers++
  }

  protected unlockLru(task: Task): void {
    this.#lruLock = undefined
    this.unlockRcu(task)
  }

  *lruAdd(task: Task, nf: NfsdFile): Steps<boolean> {
    yield* this.lockLru(task)
    const isNew = !nf.onLru || this.errs('add to lru twice', 1)
    if (!nf.onLru) this.lru.push(nf)
    nf.onLru = true
    this.unlockLru(task)
    if (!isNew) return false
    yield
    yield* this.log(task, 'nfsd_file_lru_add', nf)
    return true
  }

  *lruRemove(task: Task, nf: NfsdFile): Steps<boolean> {
    yield* this.lockLru(task)
    const isQueued = this.disposeQueue.includes(nf) // by nf_lru, in older kernels
    const wasOn = nf.onLru || (isQueued && this.errs('put unlinks from dispose list', 1))
    this.isolate(nf)
    this.unlockLru(task)
    if (!wasOn && !this.errs('remove from dispose list', 20)) return false
    yield
    yield* this.log(task, 'nfsd_file_lru_del', nf)
    return true
  }

  protected isolate(nf: NfsdFile): void {
    nf.onLru = false
    this.lru = this.lru.filter((other) => other !== nf)
  }
}

/** Read anew: another task may have cleared it since the compiler last looked. */
export function isHashed({ hashed }: NfsdFile): boolean {
  return hashed
}
