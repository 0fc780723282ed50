import { reworks } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

/** An acquire hands out no object that had left the hash table before the acquire began. */
export const acquireHashed: TraceRule = {
  id: 'acquire-hashed',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_acquire', 'nfsd_file_put', 'nfsd_file_unhash'],
  sound: `nfsd_file_lookup_locked() passes over entries without HASHED, and nfsd_file_do_acquire() looks at it
    once more when construction is over. nfsd_file_unhash() clears HASHED before its tracepoint, with a full
    barrier, and nobody sets it again. A file that is unhashed while an acquire is under way may be handed
    out, so only this counts: nfsd_file_unhash is older than the task's last nfsd_file_acquire or
    nfsd_file_put. Neither stands between a lookup and the nfsd_file_acquire with what it found: after the put
    behind nfsd_file_cons_err there is another lookup, after that of a refused lease nothing is handed out, and
    what -EOPENSTALE unhashes (since 6.15) is given up before there is another.`,
  on: () => ['nfsd_file_acquire'],
  suspects: () => ['settled since unhash'],
  check({ life, task }) {
    const { unhashRow } = life
    if (!life.isTracked || !life.isAlive || unhashRow < 0 || unhashRow >= task.settledRow) return undefined
    return {
      path: 'nfsd_file_acquire of an unhashed file',
      says: 'handed out, though it had left the hash table before this acquire began',
    }
  },
}
