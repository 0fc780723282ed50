import { LruHoldsRef } from './lru-holds-ref.js'
import type { NfsdFile, Steps, Task } from './machine.js'

/** fs/nfsd/filecache.c of 7.3.4, where it differs: an entry is listed once, when it is opened. */
export class LruHoldsRefFromOpen extends LruHoldsRef {
  protected override readonly freesLosers = true
  /** nfsd_file_gc(), which looks at RECENT first. */
  override walkLru(task: Task): Steps {
    return this.#walk(task, true)
  }

  /** nfsd_file_lru_scan(). */
  override shrink(task: Task): Steps {
    return this.#walk(task, false)
  }

  *#walk(task: Task, isAging: boolean): Steps {
    const dispose: NfsdFile[] = []
    yield* this.lockLru(task)
    for (const nf of [...this.lru]) {
      if (isAging && nf.recent) {
        nf.recent = false
        nf.referenced = false
        yield* this.log(task, 'nfsd_file_gc_aged', nf)
      } else if (nf.referenced) {
        nf.referenced = false
        yield* this.log(task, 'nfsd_file_gc_referenced', nf)
      } else if (nf.ref !== 1) {
        yield* this.log(task, 'nfsd_file_gc_in_use', nf)
      } else {
        nf.ref = 0
        yield* this.evict(task, nf)
        dispose.push(nf)
      }
    }
    this.unlockLru(task)
    yield
    this.disposeQueue.push(...dispose)
  }

  override *put(task: Task, nf: NfsdFile): Steps {
    yield* this.log(task, 'nfsd_file_put', nf)
    yield
    if (nf.gc && nf.hashed) {
      nf.referenced = true
      yield
      nf.recent = true
    }
    yield
    yield* this.drop(task, nf)
    if (nf.ref === 0 && this.errs('use after free')) yield* this.log(task, 'nfsd_file_acquire', nf)
  }

  /** A lookup leaves the LRU alone. */
  protected override *found(): Steps {
    yield
  }

  protected override *settle(task: Task, nf: NfsdFile, isGood: boolean): Steps {
    yield* super.settle(task, nf, isGood)
    if (!isGood || !nf.gc) return
    nf.ref++
    yield
    yield* this.lruAdd(task, nf)
    if (this.defect === 'add to lru twice') yield* this.lruAdd(task, nf)
  }
}
