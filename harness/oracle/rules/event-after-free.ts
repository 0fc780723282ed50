import { hashHolds, isPending, lruHolds } from '../flavours/flavour.js'
import { nameOf, tracepoints } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** Nobody uses an nfsd_file after nfsd_file_free(). */
export const eventAfterFree: TraceRule = {
  id: 'event-after-free',
  kind: 'safety',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_free'],
  sound: `nfsd_file_free() runs when the count is 0, and no count rises from 0: nfsd_file_get() and
    nfsd_file_lookup_locked() use refcount_inc_not_zero(). So nobody who holds a reference can come later.
    Those who hold none come late legally and are left out: nfsd_file_unhash (nfsd_file_free() itself,
    nfsd_file_cond_queue()), nfsd_file_lru_add (after nfsd_file_put() gave its reference to the LRU),
    nfsd_file_gc_in_use (after nfsd_file_lru_cb() dropped the LRU's); Flavour.mayTrailFree has them for each
    generation. A next life at the address shows its nfsd_file_alloc first: whoever else finds the new object
    waits in nfsd_file_do_acquire() for PENDING to be cleared, which comes after the alloc. Only a closer does
    not wait; what it may do first (Flavour.mayPrecedeAlloc) shows PENDING, which no object has any more that
    is freed after its alloc. The loser of the insert race and a failed insertion have no events but free and
    unhash.`,
  on: ({ mayTrailFree }) =>
    tracepoints.filter(
      (name) => !mayTrailFree.includes(name) && name !== 'nfsd_file_alloc' && name !== 'nfsd_file_free',
    ),
  suspects: () => ['freed'],
  check({ event, life, flags, flavour }) {
    if (!life.isFreed) return undefined
    const what = nameOf(event.operation)
    if (isPending(event.flags, flags) && flavour.mayPrecedeAlloc.some((name) => name === what))
      return undefined
    return { path: `${what} after nfsd_file_free`, says: `${what} on an object that had been freed` }
  },
}
