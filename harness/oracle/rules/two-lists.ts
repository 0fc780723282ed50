import { reworks } from '../flavours/flavour.js'
import { nameOf } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** What is on a dispose list is not on the LRU. */
export const twoLists: TraceRule = {
  id: 'two-lists',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_gc_disposed', 'nfsd_file_closing'],
  sound: `An entry on the LRU holds a reference, and the count is 0 when nfsd_file_lru_cb() and
    nfsd_file_cond_queue() have queued an entry (nfsd_file_gc_disposed, nfsd_file_closing) and for ever after.
    nfsd_file_gc_referenced and nfsd_file_gc_writeback run under the LRU's lock with the entry listed,
    nfsd_file_lru_del for one who has just unlinked it and holds a reference meanwhile. nfsd_file_gc_in_use and
    nfsd_file_lru_add say nothing: before 6.15 they run when their reference is gone.`,
  on: () => ['nfsd_file_gc_referenced', 'nfsd_file_gc_writeback', 'nfsd_file_lru_del'],
  suspects: () => ['queued'],
  check({ event, life }) {
    if (!life.isTracked || !life.isAlive || !life.isQueued) return undefined
    const what = nameOf(event.operation)
    return { path: `${what} on a dispose list`, says: `on the LRU (${what}) and on a dispose list at once` }
  },
}
