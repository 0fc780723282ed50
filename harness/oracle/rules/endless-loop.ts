import { reworks } from '../flavours/flavour.js'
import { nameOf, tracepoints } from '../operations.js'
import type { TraceRule } from '../rule.js'
import { manyTurns } from '../tasks.js'

/** These a walk of the LRU says of an entry again and again, if it is alone there and stays, in use or dirty. */
const walked = [
  'nfsd_file_gc_aged',
  'nfsd_file_gc_in_use',
  'nfsd_file_gc_referenced',
  'nfsd_file_gc_writeback',
]

/** No task goes round and round: the same step with the same object, or acquires that find it unhashed. */
export const endlessLoop: TraceRule = {
  id: 'endless-loop',
  kind: 'liveness',
  flavours: reworks,
  needs: ['identity', 'order', 'nfsd_file_acquire', 'nfsd_file_cons_err', 'nfsd_file_unhash'],
  sound: `nfsd_file_do_acquire() tries once more when it finds an entry unhashed (open_retry), so a call has two
    nfsd_file_cons_err at the most; without an nfsd_file_acquire behind them only if the file handle turns stale
    in between, and not in ${String(manyTurns / 2)} calls one after the other. Purge and close clear HASHED of an entry
    once, and go on to the next (nfsd_file_cond_queue()); other tracepoints take turns in a life or happen once.
    A loop that passes no tracepoint is left to the kernel's soft lockup detector, which the console tells of.`,
  on: ({ leaveLru }) => tracepoints.filter((name) => leaveLru.includes(name) || !walked.includes(name)),
  suspects: () => ['many turns'],
  check({ event, task }) {
    const what = nameOf(event.operation)
    const turns = task.countTurns(event)
    // Once a loop, not at each of its turns.
    if (turns === manyTurns)
      return { path: `${what} over and over`, says: `${what} for the ${String(turns)}th time in a row` }
    return undefined
  },
}
