import type { Counted } from '../counted.js'
import { parseFilecache, type FilecacheSample } from '../filecache.js'
import type { BrokenOnPaper, PaperRule } from '../rule.js'

/** What nfsd has counted stands in the trace, and the other way round. */
export const countersMatchTrace: PaperRule = {
  id: 'counters-match-trace',
  kind: 'reconciliation',
  flavours: 'any',
  needs: ['counted', 'filecache'],
  sound: `nfsd_file_do_acquire() raises nfsd_file_acquisitions before nfsd_file_acquire, nfsd_file_lru_cb()
    nfsd_file_evictions before nfsd_file_gc_disposed, both on the CPU they run on and each time. The samples
    are taken before the load and after its end: so in between the counters rise by no less than the events
    between the two phases, and by no more than the events of the whole trace, some of which are later.`,
  *judge({ counted, filecache }) {
    const before = filecache.find(({ phase }) => phase === 'start')
    const after = filecache.find(({ phase }) => phase === 'quiet')
    if (!counted || !before || !after) return
    yield* compare('acquisitions', counted, before, after)
    yield* compare('evictions', counted, before, after)
  },
}

function* compare(
  what: keyof Counted,
  counted: Counted,
  before: FilecacheSample,
  after: FilecacheSample,
): Iterable<BrokenOnPaper> {
  const first = parseFilecache(before.text).get(what)
  const last = parseFilecache(after.text).get(what)
  if (first === undefined || last === undefined) return
  const { least, most } = counted[what]
  const rise = Number(last - first)
  if (rise >= least && rise <= most) return
  yield {
    path: `${what} ${rise < least ? 'fewer' : 'more'} than events`,
    second: after.second ?? 0,
    evidence: `the counter of ${what} rose by ${String(rise)}, the trace has ${String(least)} to ${String(most)} events\n${after.text}`,
  }
}
