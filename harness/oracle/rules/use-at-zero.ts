import { hashHolds, lruHolds } from '../flavours/flavour.js'
import { nameOf } from '../operations.js'
import type { TraceRule } from '../rule.js'

/** Who holds a reference sees a count of at least one: no put, acquire, or removal from the LRU at 0. */
export const useAtZero: TraceRule = {
  id: 'use-at-zero',
  kind: 'safety',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'nfsd_file_put'],
  sound: `These tracepoints run while somebody holds a reference that only this task, or with the LRU's lock
    held only its holder, can give up: nfsd_file_put() before its decrement, nfsd_file_do_acquire() with the
    caller's, nfsd_file_lru_del with that of the acquirer, of nfsd_file_cond_queue() or the one just taken
    back from the LRU, gc_referenced and gc_writeback with the LRU's (nfsd_file_lru_cb() runs under the lock,
    and who removes an entry drops the reference afterwards). Other generations have other holders:
    Flavour.holdReference names each tracepoint with its own. The sample is taken inside the tracepoint. Below
    zero is a saturated refcount_t.`,
  on: ({ holdReference }) => holdReference,
  suspects: () => ['count is 0', 'count is saturated'],
  check({ event }) {
    if (event.ref > 0) return undefined
    const what = nameOf(event.operation)
    const count = event.ref === 0 ? 'the count was 0' : `the count was saturated (${String(event.ref)})`
    return { path: `${what} at zero`, says: `${what} while ${count}` }
  },
}
