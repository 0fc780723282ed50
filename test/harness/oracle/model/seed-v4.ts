import { LruHoldsRef } from './lru-holds-ref.js'
import type { NfsdFile, Steps, Task } from './machine.js'

/**
 * The seed patch, where it differs from what was merged: a dispose list holds a reference, and
 * nfsd_file_do_acquire() gives back without a tracepoint. Its flaws are mended here, and some are defects that
 * can be built in: a lookup gets a reference before it looks at the LRU, a purge drops instead of freeing, and
 * what is on a dispose list is linked elsewhere than on the LRU.
 */
export class SeedV4 extends LruHoldsRef {
  /** nfsd_file_unhash_and_queue(). */
  override *condQueue(task: Task, nf: NfsdFile, dispose: NfsdFile[]): Steps {
    yield* this.log(task, 'nfsd_file_unhash_and_queue', nf)
    if (!(yield* this.unhash(task, nf))) return
    yield
    if (!(yield* this.lruRemove(task, nf))) {
      if (nf.ref === 0) return
      nf.ref++
    }
    dispose.push(nf)
  }

  override *closeInode(task: Task, inode: number): Steps {
    for (const nf of yield* this.queueForClose(task, inode)) {
      yield* this.log(task, 'nfsd_file_closing', nf)
      yield
      yield* this.drop(task, nf)
    }
  }

  override *purge(task: Task): Steps {
    const dispose: NfsdFile[] = []
    for (const files of this.table.values()) {
      for (const nf of files) yield* this.condQueue(task, nf, dispose)
    }
    for (const nf of dispose) {
      if (this.errs('purge frees held', 1)) yield* this.free(task, nf)
      else yield* this.drop(task, nf)
    }
    yield* this.disposeQueued(task)
  }

  protected override *keep(task: Task, nf: NfsdFile): Steps<boolean> {
    yield
    if (nf.ref !== 1) {
      nf.ref--
      return true
    }
    yield
    nf.referenced = true
    return yield* this.lruAdd(task, nf)
  }

  protected override *lookup(inode: number, gc: boolean): Steps<NfsdFile | undefined> {
    const dying = this.hashedOn(inode).find((nf) => nf.gc === gc && nf.ref === 0)
    if (dying && this.errs('lookup from dispose list', 1)) return dying
    return yield* super.lookup(inode, gc)
  }

  protected override refuse(task: Task, nf: NfsdFile): Steps {
    return this.drop(task, nf)
  }

  protected override *insertFailed(task: Task, fresh: NfsdFile): Steps<null> {
    this.giveBack(fresh)
    yield* this.log(task, 'nfsd_file_acquire', null, fresh.inode)
    return null
  }
}
