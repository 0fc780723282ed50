import { hashHolds, lruHolds } from '../flavours/flavour.js'
import { nameOf } from '../operations.js'
import type { Moment, TraceRule } from '../rule.js'

/** nfsd_file_free() runs only once the last reference is gone. */
export const freeAtZero: TraceRule = {
  id: 'free-at-zero',
  kind: 'safety',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'nfsd_file_free'],
  sound: `nfsd_file_put() and nfsd_file_do_acquire() reach nfsd_file_free() only after
    refcount_dec_and_test(); nfsd_file_dispose_list() and nfsd_file_close_inode_sync() free what
    nfsd_file_lru_cb() or nfsd_file_cond_queue() took to 0; and no count rises from 0. The one other caller,
    from 6.12 on, is the loser of the insert race: at 1, PENDING, no alloc event. Where the hash table holds a
    reference, nfsd_file_put_noref() and nfsd_file_dispose_list_sync() free after refcount_dec_and_test(),
    nfsd_file_close() after refcount_dec_if_one(): at 0, too.`,
  on: () => ['nfsd_file_free'],
  suspects: () => ['count is above 0', 'count is saturated'],
  check(moment) {
    const { ref } = moment.event
    if (ref === 0 || isRaceLoser(moment)) return undefined
    return {
      path: `nfsd_file_free after ${cameFrom(moment)}`,
      says:
        ref < 0
          ? `freed with a saturated count (${String(ref)})`
          : `freed while the count was ${String(ref)}`,
    }
  },
}

function isRaceLoser({ event, life, flags, flavour }: Moment): boolean {
  return flavour.freesUnannounced && event.ref === 1 && (event.flags & flags.pending) !== 0 && !life.isAlive
}

/** What the freeing task did last: the code path, as far as events show it. */
function cameFrom({ event, task }: Moment): string {
  return task.lastNf === event.nf ? nameOf(task.lastOperation) : 'another object'
}
