import { hasFeatures, type Flavour } from './flavour.js'

/**
 * The rework of v6.2, up to 6.14; in Debian's 6.1.192, in 6.12 and in 5.10.223 and later by backport.
 * Read in fs/nfsd/filecache.c of 6.1.192:
 *
 * - nf_ref begins at 1, the allocator's. Users hold references, and the LRU holds one while the entry is
 *   listed: nfsd_file_put() hands its own over to the LRU when it is the last one of a hashed GC entry.
 * - Who takes the count to 0 owns the object and frees it: the last put, nfsd_file_lru_cb() and
 *   nfsd_file_cond_queue() by way of a dispose list (nfsd_file_gc_disposed, nfsd_file_closing), and failed
 *   construction. nfsd_file_get() and the lookup take no reference at 0 (refcount_inc_not_zero).
 * - No tracepoint shows these drops: the LRU's reference in nfsd_file_do_acquire() after nfsd_file_lru_del
 *   and in nfsd_file_lru_cb() before nfsd_file_gc_in_use, the references of nfsd_file_cond_queue(), failed
 *   construction.
 */
export const lruHoldsRef: Flavour = {
  id: 'lru-holds-ref',
  title: 'rework of v6.2 (6.2 to 6.14, Debian 6.1.192): the LRU holds a reference while an entry is listed',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [
    'nfsd_file_alloc', // the allocator's own
    'nfsd_file_open',
    'nfsd_file_opened',
    'nfsd_file_acquire', // the caller's to be
    'nfsd_file_cons_err', // the waiter's, from its lookup
    'nfsd_file_put', // fires before the decrement
    'nfsd_file_lru_del', // all three callers of nfsd_file_lru_remove() hold one, or get the LRU's
    'nfsd_file_gc_writeback', // under the LRU's lock, on the list: the LRU's
    'nfsd_file_gc_referenced', // the same
  ],
  atZero: ['nfsd_file_closing', 'nfsd_file_gc_disposed'],
  leaveLru: ['nfsd_file_lru_del', 'nfsd_file_gc_in_use', 'nfsd_file_gc_disposed'],
  mayTrailFree: [
    // nfsd_file_free() unhashes after its tracepoint. Or nfsd_file_cond_queue(), which holds no reference
    // yet, has cleared HASHED and comes to its tracepoint only now. Or the next object at this address is
    // unhashed by the latter between rhltable_insert() and trace_nfsd_file_alloc() in nfsd_file_do_acquire().
    'nfsd_file_unhash',
    // nfsd_file_lru_add() has given its reference away by then; everybody else may have finished with the
    // object.
    'nfsd_file_lru_add',
    // nfsd_file_lru_cb() has dropped the LRU's reference, which was not the last; the last put may overtake
    // it.
    'nfsd_file_gc_in_use',
  ],
  mayPrecedeAlloc: ['nfsd_file_unhash'],
  precedeLruAdd: ['nfsd_file_put'], // nfsd_file_put() alone, with no tracepoint between the two
  freesUnannounced: true, // a failed rhltable_insert(); from 6.12 on the loser of the insert race, too
  losersVanish: false,
  skipsUnhashed: false,
}

/** nfsd_file_close was nfsd_file_close_inode_sync before the rework; nfsd_file_closing came with it. */
const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_free',
  'nfsd_file_unhash',
  'nfsd_file_close',
  'nfsd_file_closing',
  'nfsd_file_lru_add',
  'nfsd_file_lru_del',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_disposed',
  'HASHED',
  'PENDING',
  'REFERENCED',
  'GC',
]

/** Those of older generations, and of 6.15, where the LRU holds its reference from the open on. */
const absent = [
  'nfsd_file_put_final',
  'nfsd_file_gc_hashed',
  'nfsd_file_close_inode_sync',
  'nfsd_file_unhash_and_dispose',
  'nfsd_file_gc_aged',
  'RECENT',
]
