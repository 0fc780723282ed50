import { hasFeatures, type Flavour } from './flavour.js'
import { tableHoldsRef } from './table-holds-ref.js'

/**
 * As table-holds-ref, with garbage-collected entries told apart: the base of the seed patch, in no package.
 * Read in the lines that the patch takes away:
 *
 * - nfsd_file_put() lists GC entries only. For another, if it may be the last user (the count is 2), it
 *   clears HASHED and puts the sentinel, too (nfsd_file_unhash_and_put()): two nfsd_file_put of one task.
 * - nfsd_file_close() is gone, so nobody unhashes but who takes the sentinel together with HASHED.
 * - nfsd_file_put_final and nfsd_file_unhash_and_dispose have got their later names, but not from the first
 *   commit with the flag on.
 */
export const tableHoldsRefGc: Flavour = {
  ...tableHoldsRef,
  id: 'table-holds-ref-gc',
  title: 'base of the seed patch: the hash table holds a reference, and a put lists GC entries',
  recognizes: (features) => hasFeatures(features, { present, absent }),
  holdReference: [...tableHoldsRef.holdReference, 'nfsd_file_unhash'],
}

const present = [
  'nfsd_file_alloc',
  'nfsd_file_acquire',
  'nfsd_file_put',
  'nfsd_file_unhash',
  'nfsd_file_lru_add',
  'nfsd_file_lru_del',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_hashed',
  'nfsd_file_gc_disposed',
  'HASHED',
  'PENDING',
  'REFERENCED',
  'GC',
]

/** nfsd_file_closing came with the seed patch. */
const absent = ['nfsd_file_closing', 'nfsd_file_gc_aged', 'RECENT']
