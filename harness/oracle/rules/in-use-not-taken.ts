import { reworks } from '../flavours/flavour.js'
import { nameOf } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** What a caller has acquired and not put is neither queued for disposal nor freed. */
export const inUseNotTaken: TraceRule = {
  id: 'in-use-not-taken',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_acquire', 'nfsd_file_put', 'nfsd_file_free'],
  sound: `The reference that nfsd_file_do_acquire() returns is there before nfsd_file_acquire, and
    nfsd_file_put() drops it after its tracepoint. So acquires minus puts of a life are held, at the least: the
    puts of nfsd_file_do_acquire() itself and those of nfsd_file_get() only make the difference smaller, and
    it is never counted below 0. nfsd_file_gc_disposed, nfsd_file_closing and nfsd_file_free come when the
    count is 0 (refcount_dec_and_test(), refcount_sub_and_test()), and no count rises from 0.`,
  on: ({ atZero }) => [...atZero, 'nfsd_file_free'],
  suspects: () => ['in use'],
  check({ event, life }) {
    if (!life.isTracked || !life.isAlive || life.users === 0) return undefined
    const what = nameOf(event.operation)
    const who = life.users === 1 ? 'a caller' : `${String(life.users)} callers`
    return { path: `${what} in use`, says: `${what} while ${who} had not put it` }
  },
}
