import { hasFeatures, type Flavour } from './flavour.js'

/**
 * 6.15 and later. Read in fs/nfsd/filecache.c of 7.3.4:
 *
 * - nf_ref begins at 1, the allocator's. nfsd_file_do_acquire() lists a GC entry once, when it has opened it
 *   and before it clears PENDING: nfsd_file_lru_add() takes a reference for the LRU first. Users come and go
 *   and leave the list alone; nfsd_file_put() only sets REFERENCED and RECENT.
 * - The entry leaves the LRU when nfsd_file_lru_cb() takes the count from 1 to 0 (refcount_dec_if_one(), then
 *   nfsd_file_gc_disposed), or when nfsd_file_cond_queue() takes it off. nfsd_file_gc_in_use,
 *   nfsd_file_gc_referenced and nfsd_file_gc_aged only rotate.
 * - Who takes the count to 0 owns the object and frees it, as since v6.2; dispose lists link nf_gc.
 * - No tracepoint shows these drops: the references of nfsd_file_cond_queue(), failed construction, and that
 *   of -EOPENSTALE.
 */
export const lruHoldsRefFromOpen: Flavour = {
  id: 'lru-holds-ref-from-open',
  title: '6.15 and later: the LRU holds a reference from the open of a file to its eviction or close',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [
    'nfsd_file_alloc', // the allocator's own
    'nfsd_file_open',
    'nfsd_file_opened',
    'nfsd_file_lru_add', // the allocator's, besides the LRU's
    'nfsd_file_acquire', // the caller's to be
    'nfsd_file_cons_err', // the waiter's, from its lookup
    'nfsd_file_put', // fires before the decrement
    'nfsd_file_lru_del', // nfsd_file_cond_queue(), its own and the LRU's
    'nfsd_file_gc_writeback', // under the LRU's lock, on the list: the LRU's
    'nfsd_file_gc_aged', // the same
    'nfsd_file_gc_referenced', // the same
    'nfsd_file_gc_in_use', // the same: refcount_dec_if_one() has dropped nothing
  ],
  atZero: ['nfsd_file_closing', 'nfsd_file_gc_disposed'],
  leaveLru: ['nfsd_file_lru_del', 'nfsd_file_gc_disposed'],
  // As before 6.15: nfsd_file_free() itself, nfsd_file_cond_queue(), or the next object at this address.
  mayTrailFree: ['nfsd_file_unhash'],
  mayPrecedeAlloc: ['nfsd_file_unhash'],
  precedeLruAdd: ['nfsd_file_open', 'nfsd_file_opened'],
  freesUnannounced: true, // the loser of the insert race, at 1, and a failed rhltable_insert()
  losersVanish: false,
  skipsUnhashed: false,
}

const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_free',
  'nfsd_file_unhash',
  'nfsd_file_closing',
  'nfsd_file_lru_add',
  'nfsd_file_lru_del',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_aged',
  'nfsd_file_gc_disposed',
  'HASHED',
  'PENDING',
  'REFERENCED',
  'RECENT',
  'GC',
]

/** Those of the generations before v6.2. */
const absent = ['nfsd_file_put_final', 'nfsd_file_gc_hashed', 'nfsd_file_unhash_and_dispose']
