import { hashHolds, lruHolds } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

/** An object leaves the hash table once. */
export const unhashOnce: TraceRule = {
  id: 'unhash-once',
  kind: 'safety',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_free', 'nfsd_file_unhash'],
  sound: `HASHED is set once, before the insertion, and the tracepoint runs only for the one whose
    test_and_clear_bit() in nfsd_file_unhash(), or in nfsd_file_lru_cb() while the hash table held references,
    found it set. The one unhash may come late, after the free,
    from nfsd_file_cond_queue(); that holds the RCU read lock, so it comes before the memory is used again.
    After it one more may belong to the next life, whose nfsd_file_alloc event comes behind
    rhltable_insert().`,
  on: () => ['nfsd_file_unhash'],
  suspects: () => ['unhashed already'],
  check({ life }) {
    if (!life.isTracked || !life.wasUnhashedAlready) return undefined
    return { path: 'nfsd_file_unhash twice', says: 'removed from the hash table a second time' }
  },
}
