import { hasFeatures, type Flavour } from './flavour.js'

/**
 * 6.0 and 6.1.0, in no package of Debian. Read in fs/nfsd/filecache.c of v6.1 as released:
 *
 * - nf_ref begins at 2: the allocator's and the hash table's sentinel. Users hold references, the LRU none:
 *   nfsd_file_put() lists the entry each time, whatever the count, before nfsd_file_put_noref() puts.
 * - Who clears HASHED owns the sentinel and gives it up after nfsd_file_unhash, in nfsd_file_dispose_list()
 *   with an nfsd_file_put, in nfsd_file_dispose_list_sync() silently. nfsd_file_gc_disposed runs between the
 *   clearing and the unhash.
 * - nfsd_file_put_final fires in nfsd_file_free(), after the count was taken to 0; nfsd_file_put_noref()
 *   takes the entry off the LRU between the two, under the LRU's lock. Hence what is on the LRU may be at 0.
 * - nfsd_file_close(), for NFSv4, takes the sentinel itself if it is the last (refcount_dec_if_one(),
 *   silently), and unhashes and frees at 0.
 * - The loser of the insert race and a failed insertion go straight back to the slab, with no event at all.
 *
 * As read it has bugs that break rules, as they should: those that d3aefd2b29ff, 8d0d254b15cc, bdd6b5624c62, 0b3a551fa58b and
 * ac3a2585f018 mend.
 */
export const tableHoldsRef: Flavour = {
  id: 'table-holds-ref',
  title: '6.0 and 6.1.0: the hash table holds a reference, and every put lists the entry',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [
    'nfsd_file_alloc', // the allocator's own
    'nfsd_file_open',
    'nfsd_file_acquire', // the caller's to be
    'nfsd_file_cons_err', // the waiter's, from its lookup
    'nfsd_file_lru_add', // the putter's
    'nfsd_file_put', // fires before the decrement, in nfsd_file_put_noref()
    'nfsd_file_gc_disposed', // the sentinel, which the walker has taken with HASHED
  ],
  atZero: [],
  leaveLru: ['nfsd_file_lru_del', 'nfsd_file_gc_in_use', 'nfsd_file_gc_disposed'],
  mayTrailFree: [
    // __nfsd_file_close_inode() finds the entry under RCU and holds nothing.
    'nfsd_file_unhash_and_queue',
    // nfsd_file_dispose_list_sync() frees without asking for the LRU's lock, and nfsd_file_lru_cb(), which
    // has just taken the entry off, holds nothing.
    'nfsd_file_gc_in_use',
  ],
  // A closer may have done with the entry, its put included, before the allocator comes to its tracepoint.
  mayPrecedeAlloc: ['nfsd_file_unhash_and_queue', 'nfsd_file_unhash', 'nfsd_file_put'],
  precedeLruAdd: [],
  freesUnannounced: false,
  losersVanish: false,
  skipsUnhashed: true,
}

const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_put_final',
  'nfsd_file_unhash',
  'nfsd_file_unhash_and_dispose',
  'nfsd_file_lru_add',
  'nfsd_file_lru_del',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_hashed',
  'nfsd_file_gc_disposed',
  'HASHED',
  'PENDING',
  'REFERENCED',
]

/** The GC flag, and what came with and after the rework of v6.2. */
const absent = ['GC', 'nfsd_file_free', 'nfsd_file_closing', 'nfsd_file_gc_aged']
