import { hasFeatures, type Flavour } from './flavour.js'

/**
 * 5.4 to 5.19, and Debian's 5.10 up to 5.10.218. Read in fs/nfsd/filecache.c of 5.10.13 and 5.19:
 *
 * - nf_ref begins at 1, the allocator's; nfsd_file_acquire() adds one for the hash bucket when it inserts the
 *   entry, and lists it on the LRU, which holds none. No tracepoint shows the LRU.
 * - What is in a bucket is held by it: whoever has the bucket's lock and finds an entry there sees a count of
 *   at least 1. Who clears HASHED owns the bucket's reference and gives it up after nfsd_file_unhash:
 *   nfsd_file_unhash_and_release_locked() silently if it is not the last one, nfsd_file_dispose_list() with
 *   an nfsd_file_put, nfsd_file_dispose_list_sync() silently.
 * - nfsd_file_put_final fires in nfsd_file_free(), after refcount_dec_and_test(), for the last of them all.
 * - nfsd_file_alloc fires before the insertion, and the loser of the insert race goes straight back to the
 *   slab (nfsd_file_slab_free()).
 */
export const bucketsHoldRef: Flavour = {
  id: 'buckets-hold-ref',
  title:
    'hash buckets (5.4 to 5.19, Debian 5.10.218): the bucket holds a reference, and no event shows the LRU',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [
    'nfsd_file_alloc', // the allocator's own
    'nfsd_file_open',
    'nfsd_file_acquire', // the caller's to be
    'nfsd_file_put', // fires before the decrement, in nfsd_file_put_noref()
    'nfsd_file_unhash_and_queue', // under the bucket's lock: the bucket's
    'nfsd_file_unhash', // the bucket's, which goes after it
  ],
  atZero: [],
  leaveLru: [],
  mayTrailFree: [],
  mayPrecedeAlloc: [],
  precedeLruAdd: [],
  freesUnannounced: false,
  losersVanish: true,
  skipsUnhashed: true,
}

const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_put_final',
  'nfsd_file_unhash',
  'nfsd_file_unhash_and_release_locked',
  'HASHED',
  'PENDING',
  'REFERENCED',
]

/** The events of the LRU came with the hash table of 6.0. */
const absent = ['nfsd_file_free', 'nfsd_file_closing', 'nfsd_file_lru_add', 'nfsd_file_gc_disposed', 'GC']
