import { manyLeftOpen } from '../closes.js'
import { reworks } from '../flavours/flavour.js'
import { codes, tracepoints } from '../operations.js'
import type { Broken, ModuleMoment, Moment, TraceRule } from '../rule.js'

/** When nfsd_file_close_inode_sync() returns, the inode's GC files are unhashed, and what it queued is freed and closed. */
export const closeSyncCloses: TraceRule = {
  id: 'close-sync-closes',
  kind: 'safety',
  flavours: reworks,
  needs: [
    'identity',
    'order',
    'nfsd_file_alloc',
    'nfsd_file_unhash',
    'nfsd_file_closing',
    'nfsd_file_free',
    'close begins',
    'close ends',
  ],
  sound: `nfsd_file_queue_for_close() walks all entries of the inode under RCU and clears HASHED of each GC
    entry, in use or not, unless somebody else has cleared it before; nobody sets it again. An entry is in the
    table before its nfsd_file_alloc. So of an entry that had one before the call began, nobody sees HASHED,
    or clears it (nfsd_file_unhash), after the call returned. A sample and the clearing may be older than
    their event, but not older than the task's event before: only that counts. What the call took to 0
    (nfsd_file_closing) it frees itself before it returns. nfsd_file_free() has the last reference to the
    struct file of a GC entry. In a kernel thread the last fput() goes to delayed_fput_list, and
    flush_delayed_fput() calls __fput() for what is there; but it does not wait for a work queue or another
    flush that has taken the list just before. For the file that a call frees last that takes somebody in the
    few instructions between fput() and flush_delayed_fput(): it happens, but not to ${String(manyLeftOpen)} calls of a
    thread one after the other.`,
  on: () => tracepoints,
  suspects: (tracepoint) => [
    tracepoint === 'nfsd_file_unhash' ? 'outlived a close' : 'hashed behind a close',
  ],
  check: stillHashed,
  onModule: ['close ends'],
  checkModule: leftBehind,
}

function stillHashed({ event, life, task, closes, flags }: Moment): Broken | undefined {
  const endRow = closes.endRow(event.inode)
  if (endRow < 0 || endRow >= task.lastRow) return undefined
  if (!life.isTracked || !life.isAlive || life.beginRow >= closes.beginRow(event.inode)) return undefined
  const isHashed = (event.flags & flags.hashed) !== 0 || event.operation === codes.nfsd_file_unhash
  if (!isHashed || (event.flags & flags.gc) === 0 || (event.flags & ~flags.all) !== 0) return undefined
  return {
    path: 'still hashed',
    says: 'in the hash table after nfsd_file_close_inode_sync() of its inode had come and gone',
  }
}

function leftBehind({ event: { pid }, closes }: ModuleMoment): Broken | undefined {
  const queued = closes.queuedRow(pid)
  if (queued >= 0)
    return {
      path: 'queued and not freed',
      says: 'not freed when the nfsd_file_close_inode_sync() returned that had queued it',
      row: queued,
    }
  const open = closes.openRow(pid)
  if (open < 0 || closes.leftOpen(pid) + 1 < manyLeftOpen) return undefined
  return {
    path: 'struct file open',
    says: `its struct file was open when the nfsd_file_close_inode_sync() returned that had freed it, as those of the ${String(manyLeftOpen - 1)} calls before`,
    row: open,
    given: 'file closes',
  }
}
