import { hashHolds, lruHolds } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

/** Nothing is left once nfsd has stopped. */
export const leakAfterShutdown: TraceRule = {
  id: 'leak-after-shutdown',
  kind: 'liveness',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'nfsd_file_alloc', 'nfsd_file_free', 'end'],
  sound: `When the last nfsd thread has stopped, nfsd_shutdown_net() releases the NFSv4 state, whose
    references are put, purges the cache (nfsd_file_cache_shutdown_net()) and empties the dispose list;
    nfsd_file_cache_shutdown() purges once more and waits for the laundrette. All of it is done when the write
    to /proc/fs/nfsd/threads returns, and the phase "end" is announced after that. kmem_cache_destroy() relies
    on the same. Up to 6.1.0 the purge comes first, and unhashes: the last put of the NFSv4 state frees then.
    With hash buckets an object of which only its nfsd_file_alloc was seen lost the insert
    race.`,
  *atEnd({ lives }) {
    for (const life of lives.eachTracked()) {
      if (!life.isAlive) continue
      yield {
        path: life.lruBalance > 0 ? 'left on the LRU' : life.isQueued ? 'left on a dispose list' : 'left',
        says: 'still there after nfsd had stopped',
        row: life.lastRow,
      }
    }
  },
}
