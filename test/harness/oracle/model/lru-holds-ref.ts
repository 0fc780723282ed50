import { closeSync } from './close-sync.js'
import { Machine, isHashed, type NfsdFile, type Steps, type Task } from './machine.js'

/** fs/nfsd/filecache.c of Debian's 6.1.192: the same operations in the same order. */
export class LruHoldsRef extends Machine {
  /** The loser of the insert race goes through nfsd_file_free(). */
  protected readonly freesLosers: boolean = false;

  /** nfsd_file_gc(), nfsd_file_lru_scan() and nfsd_file_lru_cb(). */
  *walkLru(task: Task): Steps {
    const dispose: NfsdFile[] = []
    yield* this.lockLru(task)
    for (const nf of [...this.lru]) {
      if (nf.referenced) {
        nf.referenced = false
        yield* this.log(task, 'nfsd_file_gc_referenced', nf)
        continue
      }
      if (--nf.ref > 0) {
        yield
        yield* this.log(task, 'nfsd_file_gc_in_use', nf)
        this.isolate(nf)
        continue
      }
      yield* this.evict(task, nf)
      dispose.push(nf)
    }
    this.unlockLru(task)
    yield
    this.disposeQueue.push(...dispose)
  }

  protected *evict(task: Task, nf: NfsdFile): Steps {
    yield* this.unhash(task, nf)
    this.isolate(nf)
    this.evictions++
    yield* this.log(task, 'nfsd_file_gc_disposed', nf)
  }

  *unhash(task: Task, nf: NfsdFile): Steps<boolean> {
    if (!nf.hashed && !this.errs('unhash twice')) return false
    nf.hashed = false
    yield
    yield* this.log(task, 'nfsd_file_unhash', nf)
    yield
    this.unhashed(nf)
    return true
  }

  *free(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_free', nf)
    yield
    yield* this.unhash(task, nf)
    for (let closing = this.random.below(6); closing > 0; closing--) yield
    if (this.errs('free twice')) yield* this.log(task, 'nfsd_file_free', nf)
    this.release(nf)
  }

  *put(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_put', nf)
    yield
    if (nf.gc && nf.hashed && (yield* this.keep(task, nf))) return
    yield
    yield* this.drop(task, nf)
    if (nf.ref === 0 && this.errs('use after free')) yield* this.log(task, 'nfsd_file_acquire', nf)
  }

  /** Gives up one of several references, or hands the last over to the LRU. */
  protected *keep(task: Task, nf: NfsdFile): Steps<boolean> {
    yield
    if (this.defect !== 'add to lru twice' && nf.ref !== 1) {
      nf.ref--
      return true
    }
    yield
    nf.referenced = true
    if (!(yield* this.lruAdd(task, nf))) return false
    yield
    if (isHashed(nf) || this.errs('put does not look again', 1)) return true
    return !(yield* this.lruRemove(task, nf))
  }

  /** Without a tracepoint. */
  protected *drop(task: Task, nf: NfsdFile): Steps {
    if (--nf.ref === 0) yield* this.free(task, nf)
  }

  *condQueue(task: Task, nf: NfsdFile, dispose: NfsdFile[]): Steps {
    if (!(yield* this.unhash(task, nf))) return
    yield
    if (nf.ref === 0) return
    nf.ref++
    yield
    let decrement = 1
    if (nf.onLru && this.errs('close leaves it on the lru')) decrement = 2
    else if (yield* this.lruRemove(task, nf)) decrement = 2
    yield
    nf.ref -= decrement
    if (nf.ref !== 0 && !this.errs('close frees held')) return
    dispose.push(nf)
    yield* this.log(task, 'nfsd_file_closing', nf)
  }

  /** nfsd_file_queue_for_close(); what comes back has to be freed. */
  *queueForClose(task: Task, inode: number): Steps<NfsdFile[]> {
    const dispose: NfsdFile[] = []
    this.lockRcu(task)
    for (const nf of this.hashedOn(inode)) {
      yield
      if (nf.gc) yield* this.condQueue(task, nf, dispose)
    }
    this.unlockRcu(task)
    return dispose
  }

  *closeInode(task: Task, inode: number): Steps {
    if (this.random.chance(2)) yield* closeSync(this, task, inode)
    else this.disposeQueue.push(...(yield* this.queueForClose(task, inode)))
  }

  dispose(task: Task, nf: NfsdFile): Steps {
    return this.free(task, nf)
  }

  /** __nfsd_file_cache_purge() and the rest of nfsd_file_cache_shutdown_net(). */
  *purge(task: Task): Steps {
    const dispose: NfsdFile[] = []
    for (const files of this.table.values()) {
      for (const nf of files) yield* this.condQueue(task, nf, dispose)
    }
    for (const nf of dispose) yield* this.dispose(task, nf)
    yield* this.disposeQueued(task)
  }

  /** nfsd_file_do_acquire(). */
  *acquire(task: Task, inode: number, gc: boolean, mayRetry = true): Steps<NfsdFile | null> {
    this.lockRcu(task)
    const found = yield* this.lookup(inode, gc)
    this.unlockRcu(task)
    if (!found) return yield* this.#construct(task, inode, gc, mayRetry)
    yield
    yield* this.found(task, found)
    return yield* this.#waitFor(task, found, mayRetry)
  }

  /** Takes what was found off the LRU. */
  protected *found(task: Task, nf: NfsdFile): Steps {
    if (!(yield* this.lruRemove(task, nf))) return
    yield
    if (!this.errs('leak the lru reference')) nf.ref--
  }

  *#construct(task: Task, inode: number, gc: boolean, mayRetry: boolean): Steps<NfsdFile | null> {
    const fresh = this.allocate(inode, gc, 1)
    yield
    yield* this.lockInode(task, inode)
    const found = yield* this.lookup(inode, gc)
    const hasFailed = this.random.chance(40)
    if (!found && !hasFailed) this.hash(fresh)
    this.unlockInode(task, inode)
    yield
    if (found) {
      if (this.freesLosers) yield* this.free(task, fresh)
      else this.giveBack(fresh)
      return yield* this.#waitFor(task, found, mayRetry)
    }
    if (hasFailed) return yield* this.insertFailed(task, fresh)
    yield* this.log(task, 'nfsd_file_alloc', fresh)
    this.tellReuse(task, fresh)
    return yield* this.#open(task, fresh)
  }

  protected insertFailed(task: Task, fresh: NfsdFile): Steps<null> {
    return this.#failed(task, fresh)
  }

  *#open(task: Task, nf: NfsdFile): Steps<NfsdFile | null> {
    yield
    const isOpen = !this.random.chance(15)
    yield* this.log(task, 'nfsd_file_open', nf)
    yield* this.settle(task, nf, isOpen && !this.random.chance(15))
    yield
    nf.pending = false
    yield
    return isOpen ? yield* this.#acquired(task, nf, nf.inode) : yield* this.#failed(task, nf)
  }

  /** Between the open and the end of PENDING. */
  protected *settle(task: Task, nf: NfsdFile, isGood: boolean): Steps {
    if (!isGood) yield* this.unhash(task, nf)
  }

  *#waitFor(task: Task, nf: NfsdFile, mayRetry: boolean): Steps<NfsdFile | null> {
    while (nf.pending) yield
    if (!this.looksHashed(nf)) {
      yield* this.log(task, 'nfsd_file_cons_err', nf)
      if (!mayRetry) return yield* this.#failed(task, nf)
      yield* this.refuse(task, nf)
      return yield* this.acquire(task, nf.inode, nf.gc, false)
    }
    if (!this.random.chance(20)) return yield* this.#acquired(task, nf, nf.inode)
    yield* this.refuse(task, nf) // nfsd_open_break_lease() refused
    return yield* this.#acquired(task, null, nf.inode)
  }

  /** Gives back what the lookup has got. */
  protected refuse(task: Task, nf: NfsdFile): Steps {
    return this.put(task, nf)
  }

  *#failed(task: Task, nf: NfsdFile): Steps<null> {
    yield
    yield* this.drop(task, nf)
    yield* this.#acquired(task, null, nf.inode)
    return null
  }

  *#acquired(task: Task, nf: NfsdFile | null, inode: number): Steps<NfsdFile | null> {
    if (nf) this.acquisitions++
    yield* this.log(task, 'nfsd_file_acquire', nf, inode)
    return nf
  }
}
