import { lruHolds } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

const noGcFlag = 'it has no GC flag: any object may be put by another task than the one that acquired it'
const unsound = {
  'buckets-hold-ref': noGcFlag,
  'table-holds-ref': noGcFlag,
  'table-holds-ref-gc':
    "nfsd_file_put shows the drop of the hash table's reference, too, by whoever disposes",
}

/** A task puts a GC object no more often than it has acquired it. */
export const putWithoutAcquire: TraceRule = {
  id: 'put-without-acquire',
  kind: 'safety',
  flavours: lruHolds,
  unsound,
  needs: ['identity', 'order', 'nfsd_file_acquire', 'nfsd_file_put', 'nfsd_file_cons_err'],
  sound: `GC objects come from nfsd_file_acquire_gc() alone, and its callers (nfsd_read(), nfsd_write(),
    nfsd3_proc_commit()) put what they got in the same call, in the same task; nfsd_file_get() is for NFSv4
    state, which has no GC objects. Two puts have no acquire event of their own, both in
    nfsd_file_do_acquire(): the one after nfsd_file_cons_err, and that after nfsd_open_break_lease() refused,
    behind which the task's next event of this kind is an nfsd_file_acquire without an object (the seed patch
    drops both without a tracepoint). Hence a put is judged only at the task's next put or acquire. Puts for
    what a task may have acquired before the trace began are let pass.`,
  on: () => ['nfsd_file_acquire', 'nfsd_file_put'],
  suspects: () => ['put in doubt'],
  check({ task }) {
    if (task.doubtfulPut < 0) return undefined
    return {
      path: 'nfsd_file_put',
      says: 'a task put a GC object more often than it had acquired it',
      row: task.doubtfulPut,
    }
  },
}
