import { Machine, type NfsdFile, type Steps, type Task } from './machine.js'

/**
 * fs/nfsd/filecache.c of 6.1.0, and with a GC flag that of the seed patch's base, without what is a bug in them:
 * a dispose list has a link of its own, and who frees what he alone holds takes it off the LRU first.
 */
export class TableHoldsRef extends Machine {
  get #hasGc(): boolean {
    return 'GC' in this.features.flags
  }

  /** nfsd_file_gc(), nfsd_file_lru_cb() and nfsd_file_gc_dispose_list(). */
  *walkLru(task: Task): Steps {
    const dispose: NfsdFile[] = []
    yield* this.lockLru(task)
    for (const nf of [...this.lru]) {
      if (nf.ref > 1) {
        this.isolate(nf)
        yield
        yield* this.log(task, 'nfsd_file_gc_in_use', nf)
        continue
      }
      yield
      if (nf.referenced) {
        nf.referenced = false
        yield* this.log(task, 'nfsd_file_gc_referenced', nf)
      } else if (!nf.hashed) {
        yield* this.log(task, 'nfsd_file_gc_hashed', nf)
      } else {
        nf.hashed = false
        this.isolate(nf)
        dispose.push(nf)
        yield* this.log(task, 'nfsd_file_gc_disposed', nf)
      }
    }
    this.unlockLru(task)
    for (const nf of dispose) {
      yield
      yield* this.#hashRemove(task, nf)
    }
    this.disposeQueue.push(...dispose)
  }

  *put(task: Task, nf: NfsdFile): Steps {
    if (!this.#hasGc || nf.gc) {
      nf.referenced = true
      yield
      yield* this.lruAdd(task, nf)
    } else if (nf.ref === 2) {
      yield
      if (yield* this.#unhash(task, nf)) yield* this.#putNoref(task, nf)
    }
    yield
    yield* this.#putNoref(task, nf)
    if (nf.ref === 0 && this.errs('use after free')) yield* this.log(task, 'nfsd_file_acquire', nf)
  }

  *#putNoref(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_put', nf)
    yield
    if (--nf.ref !== 0) return
    yield* this.lruRemove(task, nf)
    yield* this.#free(task, nf)
  }

  *#free(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_free', nf)
    for (let closing = this.random.below(6); closing > 0; closing--) yield
    if (this.errs('free twice')) yield* this.log(task, 'nfsd_file_free', nf)
    this.release(nf)
  }

  *#unhash(task: Task, nf: NfsdFile): Steps<boolean> {
    if (!nf.hashed && !this.errs('unhash twice')) return false
    nf.hashed = false
    yield
    yield* this.#hashRemove(task, nf)
    return true
  }

  *#hashRemove(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_unhash', nf)
    this.unhashed(nf)
  }

  *closeInode(task: Task, inode: number): Steps {
    const dispose: NfsdFile[] = []
    this.lockRcu(task)
    for (const nf of this.hashedOn(inode)) {
      yield
      yield* this.#unhashAndQueue(task, nf, dispose)
    }
    this.unlockRcu(task)
    if (this.random.chance(2)) this.disposeQueue.push(...dispose)
    else for (const nf of dispose) yield* this.#disposeSync(task, nf)
  }

  *#unhashAndQueue(task: Task, nf: NfsdFile, dispose: NfsdFile[]): Steps {
    yield* this.log(task, 'nfsd_file_unhash_and_queue', nf)
    if (!(yield* this.#unhash(task, nf))) return
    yield* this.lruRemove(task, nf)
    dispose.push(nf)
  }

  *dispose(task: Task, nf: NfsdFile): Steps {
    if (!this.errs('leak the table reference')) yield* this.#putNoref(task, nf)
  }

  *#disposeSync(task: Task, nf: NfsdFile): Steps {
    yield
    if (--nf.ref !== 0 && !this.errs('close frees held')) return
    if (nf.onLru) yield* this.lruRemove(task, nf)
    yield* this.#free(task, nf)
  }

  *purge(task: Task): Steps {
    const dispose: NfsdFile[] = []
    for (const files of this.table.values()) {
      for (const nf of files) yield* this.#unhashAndQueue(task, nf, dispose)
    }
    for (const nf of dispose) yield* this.dispose(task, nf)
    yield* this.disposeQueued(task)
  }

  /** nfsd_file_do_acquire(). */
  *acquire(task: Task, inode: number, wantsGc: boolean, mayRetry = true): Steps<NfsdFile | null> {
    const gc = wantsGc && this.#hasGc
    this.lockRcu(task)
    const found = yield* this.lookup(inode, gc)
    this.unlockRcu(task)
    return found
      ? yield* this.#waitFor(task, found, mayRetry)
      : yield* this.#construct(task, inode, gc, mayRetry)
  }

  *#construct(task: Task, inode: number, gc: boolean, mayRetry: boolean): Steps<NfsdFile | null> {
    const fresh = this.allocate(inode, gc, 2)
    yield
    yield* this.lockInode(task, inode)
    const exists = this.hashedOn(inode).some((nf) => nf.hashed && nf.gc === gc)
    const hasFailed = this.random.chance(40)
    if (exists || hasFailed) this.giveBack(fresh)
    else this.hash(fresh)
    this.unlockInode(task, inode)
    yield
    if (exists) return yield* this.acquire(task, inode, gc, mayRetry)
    if (hasFailed) return yield* this.#acquired(task, null, inode)
    yield* this.log(task, 'nfsd_file_alloc', fresh)
    return yield* this.#open(task, fresh)
  }

  *#open(task: Task, nf: NfsdFile): Steps<NfsdFile | null> {
    yield
    const isOpen = !this.random.chance(15)
    yield* this.log(task, 'nfsd_file_open', nf)
    const isGood = isOpen && !this.random.chance(15)
    if (!isGood && (yield* this.#unhash(task, nf))) yield* this.#putNoref(task, nf)
    yield
    nf.pending = false
    yield
    return isOpen ? yield* this.#acquired(task, nf, nf.inode) : yield* this.#refused(task, nf)
  }

  *#waitFor(task: Task, nf: NfsdFile, mayRetry: boolean): Steps<NfsdFile | null> {
    while (nf.pending) yield
    if (!nf.hashed) {
      yield* this.log(task, 'nfsd_file_cons_err', nf)
      if (!mayRetry) return yield* this.#refused(task, nf)
      yield* this.#putNoref(task, nf)
      return yield* this.acquire(task, nf.inode, nf.gc, false)
    }
    yield
    yield* this.lruRemove(task, nf)
    // nfsd_open_break_lease()
    return this.random.chance(20) ? yield* this.#refused(task, nf) : yield* this.#acquired(task, nf, nf.inode)
  }

  *#refused(task: Task, nf: NfsdFile): Steps<null> {
    yield* this.put(task, nf)
    yield* this.#acquired(task, null, nf.inode)
    return null
  }

  *#acquired(task: Task, nf: NfsdFile | null, inode: number): Steps<NfsdFile | null> {
    yield* this.log(task, 'nfsd_file_acquire', nf, inode)
    return nf
  }
}
