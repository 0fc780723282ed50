import type { BrokenOnPaper, PaperRule } from '../rule.js'
import { parseFilecache, type FilecacheSample } from '../filecache.js'
import { idleLimitMs } from './idle-disposed.js'

/** The counters of /proc/fs/nfsd/filecache make sense: none below zero, and an idle cache empties its LRU. */
export const filecacheCounters: PaperRule = {
  id: 'filecache-counters',
  kind: 'reconciliation',
  flavours: 'any',
  needs: ['filecache'],
  sound: `nfsd_file_cache_stats_show() prints list_lru_count(), a sum of list_lru_node.nr_items, which is
    raised and lowered under the node's lock together with the list: it is never below 0, not even for a
    moment. The table's nelems may be lowered before the insertion has raised it (from 6.12 on, in
    rhashtable's slow path), so it is believed only while there is no load. An LRU that has entries after
    three laundrette periods without load: as in idle-disposed, and only if a whole trace has no
    nfsd_file_gc_writeback: dirty pages may hold them.`,
  *judge({ filecache, quietMs, heldByPages }) {
    for (const sample of filecache) {
      yield* checkUnderflow(sample)
      if (sample.phase === 'quiet' && (quietMs ?? 0) >= idleLimitMs && !heldByPages) yield* checkEmpty(sample)
    }
  },
}

const lru = 'lru entries'
/** Labels before and since the table became an rhltable. */
const table = ['total entries', 'total inodes']

function* checkUnderflow(sample: FilecacheSample): Iterable<BrokenOnPaper> {
  for (const [label, value] of parseFilecache(sample.text)) {
    const isBelowZero =
      (label === lru && value >= 1n << 63n) ||
      (table.includes(label) && sample.phase !== 'load' && value >= 1n << 31n && value < 1n << 32n)
    if (isBelowZero) yield found(`${label} below zero`, sample)
  }
}

function* checkEmpty(sample: FilecacheSample): Iterable<BrokenOnPaper> {
  const entries = parseFilecache(sample.text).get(lru) ?? 0n
  if (entries > 0n && entries < 1n << 63n) yield found(`${lru} after three idle laundrette periods`, sample)
}

function found(path: string, { phase, text, second = 0 }: FilecacheSample): BrokenOnPaper {
  return { path, second, evidence: `/proc/fs/nfsd/filecache in the phase "${phase}":\n${text.trimEnd()}` }
}
