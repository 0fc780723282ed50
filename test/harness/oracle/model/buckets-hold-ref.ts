import { Machine, type NfsdFile, type Steps, type Task } from './machine.js'

/** fs/nfsd/filecache.c of 5.10: a bucket's lock guards its entries, an inode's stands for it here. */
export class BucketsHoldRef extends Machine {
  /** nfsd_file_lru_walk_list() and nfsd_file_lru_cb(). */
  *walkLru(task: Task): Steps {
    const dispose: NfsdFile[] = []
    yield* this.lockLru(task)
    for (const nf of [...this.lru]) {
      if (nf.ref > 1) continue
      yield
      const wasReferenced = nf.referenced
      nf.referenced = false
      if (wasReferenced || !nf.hashed) continue
      nf.hashed = false
      this.isolate(nf)
      dispose.push(nf)
    }
    this.unlockLru(task)
    for (const nf of dispose) {
      yield* this.lockInode(task, nf.inode)
      yield* this.#doUnhash(task, nf)
      this.unlockInode(task, nf.inode)
    }
    this.disposeQueue.push(...dispose)
  }

  *put(task: Task, nf: NfsdFile): Steps {
    nf.referenced = true
    yield
    yield* this.#putNoref(task, nf)
    if (nf.ref === 0 && this.errs('use after free')) yield* this.log(task, 'nfsd_file_acquire', nf)
  }

  *#putNoref(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_put', nf)
    yield
    if (--nf.ref === 0) yield* this.#free(task, nf)
  }

  *#free(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_free', nf)
    for (let closing = this.random.below(6); closing > 0; closing--) yield
    if (this.errs('free twice')) yield* this.log(task, 'nfsd_file_free', nf)
    this.release(nf)
  }

  /** With the bucket's lock. */
  *#unhash(task: Task, nf: NfsdFile): Steps<boolean> {
    if (!nf.hashed && !this.errs('unhash twice')) return false
    nf.hashed = false
    yield* this.#doUnhash(task, nf)
    yield* this.lockLru(task)
    this.isolate(nf)
    this.unlockLru(task)
    return true
  }

  *#doUnhash(task: Task, nf: NfsdFile): Steps {
    yield
    yield* this.log(task, 'nfsd_file_unhash', nf)
    this.unhashed(nf)
  }

  *closeInode(task: Task, inode: number): Steps {
    const dispose: NfsdFile[] = []
    yield* this.#unhashAndRelease(task, inode, dispose)
    if (this.random.chance(2)) this.disposeQueue.push(...dispose)
    else for (const nf of dispose) yield* this.#disposeSync(task, nf)
  }

  *#unhashAndRelease(task: Task, inode: number, dispose: NfsdFile[]): Steps {
    yield* this.lockInode(task, inode)
    for (const nf of this.hashedOn(inode)) {
      yield* this.log(task, 'nfsd_file_unhash_and_queue', nf)
      if (!(yield* this.#unhash(task, nf))) continue
      yield
      if (nf.ref === 1) dispose.push(nf)
      else if (this.errs('close frees held')) yield* this.#free(task, nf)
      else nf.ref--
    }
    this.unlockInode(task, inode)
  }

  *dispose(task: Task, nf: NfsdFile): Steps {
    if (!this.errs('leak the table reference')) yield* this.#putNoref(task, nf)
  }

  *#disposeSync(task: Task, nf: NfsdFile): Steps {
    yield
    if (--nf.ref === 0) yield* this.#free(task, nf)
  }

  *purge(task: Task): Steps {
    const dispose: NfsdFile[] = []
    for (const inode of this.table.keys()) yield* this.#unhashAndRelease(task, inode, dispose)
    for (const nf of dispose) yield* this.dispose(task, nf)
    yield* this.disposeQueued(task)
  }

  /** nfsd_file_acquire(): nobody is told from the others as garbage-collected. */
  *acquire(task: Task, inode: number, _gc?: boolean, mayRetry = true): Steps<NfsdFile | null> {
    this.lockRcu(task)
    const found = yield* this.lookup(inode, false)
    this.unlockRcu(task)
    return found ? yield* this.#waitFor(task, found, mayRetry) : yield* this.#construct(task, inode, mayRetry)
  }

  *#construct(task: Task, inode: number, mayRetry: boolean): Steps<NfsdFile | null> {
    const fresh = this.allocate(inode, false, 1)
    fresh.hashed = false
    fresh.pending = false
    yield* this.log(task, 'nfsd_file_alloc', fresh)
    yield* this.lockInode(task, inode)
    const found = yield* this.lookup(inode, false)
    if (!found) this.#insert(fresh)
    this.unlockInode(task, inode)
    yield
    if (!found) return yield* this.#open(task, fresh)
    this.giveBack(fresh)
    return yield* this.#waitFor(task, found, mayRetry)
  }

  #insert(nf: NfsdFile): void {
    nf.ref++
    nf.hashed = true
    nf.pending = true
    nf.onLru = true
    this.lru.push(nf)
    this.hash(nf)
  }

  *#open(task: Task, nf: NfsdFile): Steps<NfsdFile | null> {
    const isOpen = !this.random.chance(15)
    yield
    if (!isOpen || this.random.chance(15)) {
      yield* this.lockInode(task, nf.inode)
      const wasHashed = yield* this.#unhash(task, nf)
      this.unlockInode(task, nf.inode)
      if (wasHashed) yield* this.#putNoref(task, nf)
    }
    yield
    nf.pending = false
    yield
    return isOpen ? yield* this.#acquired(task, nf, nf.inode) : yield* this.#refused(task, nf)
  }

  *#waitFor(task: Task, nf: NfsdFile, mayRetry: boolean): Steps<NfsdFile | null> {
    while (nf.pending) yield
    if (!nf.hashed) {
      if (!mayRetry) return yield* this.#refused(task, nf)
      yield* this.#putNoref(task, nf)
      return yield* this.acquire(task, nf.inode, false, false)
    }
    yield
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
