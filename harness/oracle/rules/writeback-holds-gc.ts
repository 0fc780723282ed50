import { reworks } from '../flavours/flavour.js'
import type { TraceRule } from '../rule.js'

/** Laundrette and shrinker leave an entry alone whose close would have to write. */
export const writebackHoldsGc: TraceRule = {
  id: 'writeback-holds-gc',
  kind: 'safety',
  flavours: reworks,
  needs: ['identity', 'nfsd_file_gc_disposed', 'dirty is disposed'],
  sound: `nfsd_file_lru_cb() passes over an entry that is open for writing, on a file system that flushes on
    close, while its mapping is tagged dirty or under writeback (nfsd_file_check_writeback()). The module looks
    once more at nfsd_file_gc_disposed, a few instructions later and under the same spinlock. The pages can be
    new only if somebody else has the inode open for writing (i_writecount): then the rule says nothing. Nobody
    opens, writes and closes within those instructions.`,
  onModule: ['dirty is disposed'],
  checkModule({ event, life }) {
    if (!life.isTracked || event.writers !== 1) return undefined
    return {
      path: 'nfsd_file_gc_disposed with dirty pages',
      says: 'taken off the LRU to be closed, though its close has to wait for pages to be written',
      row: life.lastRow,
    }
  },
}
