import { nameOf } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** An entry that was unhashed does not stay on the LRU for the laundrette. */
export const unhashedLeavesLru: TraceRule = {
  id: 'unhashed-leaves-lru',
  kind: 'safety',
  flavours: ['lru-holds-ref'],
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_unhash', 'nfsd_file_put', 'nfsd_file_lru_add'],
  sound: `Who unhashes a listed entry takes it off (nfsd_file_cond_queue() after nfsd_file_get(), which succeeds
    because the LRU has a reference; nfsd_file_lru_cb() isolates it itself). Who lists one, nfsd_file_put(),
    looks at HASHED again afterwards and takes it off if it is clear. One of the two sees the other, as both
    are ordered by the LRU's lock. So once everybody has gone on to something else who has unhashed, put or
    listed the entry, it is not on the LRU; and what a walk finds there (nfsd_file_gc_referenced,
    nfsd_file_gc_writeback, nfsd_file_gc_disposed, nfsd_file_gc_in_use) it finds after its task's event before,
    so that one has to come later than all that. In 6.15 the second look was removed on purpose.`,
  on: () => [
    'nfsd_file_gc_referenced',
    'nfsd_file_gc_writeback',
    'nfsd_file_gc_disposed',
    'nfsd_file_gc_in_use',
  ],
  suspects: () => ['left unhashed'],
  check({ event, life, task }) {
    if (!life.isTracked || !life.isAlive || life.unhashRow < 0 || !life.wasLeftBefore(task)) return undefined
    const what = nameOf(event.operation)
    return {
      path: `${what} of an unhashed file`,
      says: `on the LRU (${what}) long after it was unhashed, when nobody was about to take it off`,
    }
  },
}
