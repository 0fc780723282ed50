import { hasFeatures, type Flavour } from './flavour.js'

/**
 * "[PATCH v4 3/5] nfsd: rework refcounting in filecache", the first draft of the rework of v6.2, on the base
 * that table-holds-ref-gc describes. Read in the patch:
 *
 * - nf_ref begins at 1. Users hold references, the LRU holds one while the entry is listed, and a dispose
 *   list of a close holds one: nfsd_file_unhash_and_queue() takes over the LRU's or gets its own.
 * - nfsd_file_closing fires before the dispose list's reference is dropped: nothing is at 0 there, and the
 *   object may live on. nfsd_file_gc_disposed is at 0, as since v6.2.
 * - nfsd_file_put() alone fires nfsd_file_put. No tracepoint shows these drops: all that
 *   nfsd_file_do_acquire() gives back, the LRU's in nfsd_file_lru_cb() before nfsd_file_gc_in_use, that of
 *   nfsd_file_closing.
 * - nfsd_file_do_acquire() takes over the LRU's reference instead of getting one.
 *
 * Its flaws, which its review and the merged patch (ac3a2585f018) name, break rules, as they should: no laundrette is scheduled, a purge
 * frees what is held, a lookup finds what is on a dispose list at 0.
 */
export const seedV4: Flavour = {
  id: 'seed-v4',
  title: 'the seed patch, v4 3/5 of the rework: a dispose list holds a reference until nfsd_file_closing',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [
    'nfsd_file_alloc', // the allocator's own
    'nfsd_file_open',
    'nfsd_file_acquire', // the caller's to be
    'nfsd_file_cons_err', // the waiter's, from its lookup
    'nfsd_file_put', // fires before the decrement
    'nfsd_file_lru_del', // the LRU's, now the remover's
    'nfsd_file_closing', // the dispose list's
    'nfsd_file_gc_writeback', // under the LRU's lock, on the list: the LRU's
    'nfsd_file_gc_referenced', // the same
  ],
  atZero: ['nfsd_file_gc_disposed'],
  leaveLru: ['nfsd_file_lru_del', 'nfsd_file_gc_in_use', 'nfsd_file_gc_disposed'],
  mayTrailFree: [
    // nfsd_file_free() unhashes after its tracepoint. Or nfsd_file_unhash_and_queue(), under RCU and holding
    // nothing, has cleared HASHED and comes to its tracepoint only now.
    'nfsd_file_unhash',
    'nfsd_file_unhash_and_queue',
    // nfsd_file_put() has given its reference away by then.
    'nfsd_file_lru_add',
    // nfsd_file_lru_cb() has dropped the LRU's reference, which was not the last.
    'nfsd_file_gc_in_use',
  ],
  mayPrecedeAlloc: ['nfsd_file_unhash_and_queue', 'nfsd_file_unhash', 'nfsd_file_closing'],
  precedeLruAdd: ['nfsd_file_put'],
  freesUnannounced: false,
  losersVanish: false,
  skipsUnhashed: false,
}

const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_free',
  'nfsd_file_unhash',
  'nfsd_file_unhash_and_queue',
  'nfsd_file_close_inode_sync',
  'nfsd_file_closing',
  'nfsd_file_lru_add',
  'nfsd_file_lru_del',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_hashed', // left behind: it never fires
  'nfsd_file_gc_disposed',
  'HASHED',
  'PENDING',
  'REFERENCED',
  'GC',
]

/** nfsd_file_close is of the patch as merged, where nfsd_file_closing is at 0. */
const absent = ['nfsd_file_close', 'nfsd_file_put_final', 'nfsd_file_gc_aged', 'RECENT']
