import { reworks } from '../flavours/flavour.js'
import { nameOf, tracepoints } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** No reference count is saturated. */
export const refcountSaturated: TraceRule = {
  id: 'refcount-saturated',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_free'],
  sound: `refcount_t sets a count to REFCOUNT_SATURATED, below zero, when it would go up from 0, below 0 or beyond
    INT_MAX, and there it stays: refcount_warn_saturate() says so once per kind in a boot, this rule for each
    object. nfsd_file_get() and nfsd_file_lookup_locked() use refcount_inc_not_zero(), and each drop is of a
    reference that is held. Only objects that are alive count, and no tracepoint that may look at freed
    memory.`,
  on: ({ mayTrailFree }) => tracepoints.filter((name) => !mayTrailFree.includes(name)),
  suspects: () => ['count is saturated'],
  check({ event, life, flags }) {
    if (event.ref >= 0 || !life.isTracked || !life.isAlive || (event.flags & ~flags.all) !== 0)
      return undefined
    const what = nameOf(event.operation)
    return {
      path: `${what} with a saturated count`,
      says: `the count is saturated (${String(event.ref)}) at ${what}`,
    }
  },
}
