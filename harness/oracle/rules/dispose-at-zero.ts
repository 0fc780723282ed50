import { lruHolds } from '../flavours/flavour.js'
import { nameOf } from '../operations.js'
import type { TraceRule } from '../rule.js'

const sentinel = "what is on a dispose list there has the hash table's reference, and users may hold it, too"
const unsound = {
  'buckets-hold-ref': sentinel,
  'table-holds-ref': sentinel,
  'table-holds-ref-gc': sentinel,
}

/** Only what nobody holds is put on a dispose list. */
export const disposeAtZero: TraceRule = {
  id: 'dispose-at-zero',
  kind: 'safety',
  flavours: lruHolds,
  unsound,
  needs: ['identity', 'nfsd_file_closing', 'nfsd_file_gc_disposed'],
  sound: `nfsd_file_gc_disposed fires in nfsd_file_lru_cb() after refcount_dec_and_test(), nfsd_file_closing
    in nfsd_file_cond_queue() after refcount_sub_and_test(), both when the count is 0; and no count rises from
    0. In the seed patch nfsd_file_closing comes before the drop, and is left out.`,
  on: ({ atZero }) => atZero,
  suspects: () => ['count is above 0', 'count is saturated'],
  check({ event }) {
    if (event.ref === 0) return undefined
    const what = nameOf(event.operation)
    return {
      path: `${what} while held`,
      says: `queued for disposal (${what}) while the count was ${String(event.ref)}`,
    }
  },
}
