import { reworks } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

/** The memory of an nfsd_file is used again only after a grace period of RCU. */
export const freeAfterGracePeriod: TraceRule = {
  id: 'free-after-grace-period',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'nfsd_file_alloc', 'nfsd_file_free', 'memory comes back'],
  sound: `nfsd_file_free() hands the memory to call_rcu(), behind its tracepoint, and nfsd_file_slab_free() runs
    as RCU's callback. The module notes get_state_synchronize_rcu() at nfsd_file_free, the number of the grace
    period that has to end, and tells when it is still the same at the nfsd_file_alloc of the same memory. A
    callback runs once its rcu_node has the number of the ended grace period (rcu_gp_cleanup()); the state of
    rcu_state names a later one from the begin of that grace period on. Memory that nfsd_file_do_acquire()
    gives back at once, because it has lost the insert race, had no nfsd_file_free.`,
  onModule: ['memory comes back'],
  checkModule({ life }) {
    if (!life.isTracked) return undefined
    return {
      path: 'nfsd_file_alloc within the grace period of nfsd_file_free',
      says: 'its memory was freed and given out again within one grace period: readers under RCU may be in it',
      row: life.lastRow,
    }
  },
}
