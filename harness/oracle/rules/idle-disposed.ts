import { lruHolds } from '../flavours/flavour.js'
import type { Broken, Standing, TraceRule } from '../rule.js'

/**
 * Three periods of NFSD_LAUNDRETTE_DELAY (2 s) and half a second. The first pass clears REFERENCED, the
 * second disposes, so two would do; the third is for a guest whose work queues are behind.
 */
export const idleLimitMs = 6500

/** An entry that nobody uses is disposed within three periods of the laundrette. */
export const idleDisposed: TraceRule = {
  id: 'idle-disposed',
  kind: 'liveness',
  flavours: ['table-holds-ref', 'table-holds-ref-gc', ...lruHolds],
  unsound: { 'buckets-hold-ref': 'no tracepoint shows its LRU, and nothing what NFSv4 holds' },
  needs: [
    'identity',
    'order',
    'nfsd_file_alloc',
    'nfsd_file_free',
    'nfsd_file_lru_add',
    'nfsd_file_gc_disposed',
    'quiet',
  ],
  sound: `nfsd_file_put() schedules the laundrette after each addition to the LRU, and nfsd_file_gc_worker()
    again while the LRU is not empty: a pass every NFSD_LAUNDRETTE_DELAY. list_lru_walk() visits every entry;
    the first pass after the addition takes REFERENCED away, the next drops the LRU's reference. Dirty pages
    hold an entry back only where the file system flushes on close; such entries have an
    nfsd_file_gc_writeback and are left out. A queued object is freed by nfsd_file_delayed_close() as soon as
    the work queue or an nfsd thread gets to it. From 6.15 on the first pass takes RECENT and REFERENCED
    away (nfsd_file_gc_aged). Where the hash table holds the reference, the pass takes what is in use off the
    LRU, and only hashed entries count: one that is unhashed and held it passes over. Time counts from the
    last use or the end of the load.`,
  *atPhase(phase, standing) {
    const quiet = standing.phases.find((mark) => mark.phase === 'quiet')
    if (phase !== 'shutdown' || !quiet) return
    for (const life of standing.lives.eachTracked()) {
      const idleSince = Math.max(quiet.ms, life.touchedMs)
      const broken = standing.ms - idleSince >= idleLimitMs ? stillThere(life, standing) : undefined
      if (broken) yield broken
    }
  },
}

function stillThere(life: Standing['lives'], { flavour }: Standing): Broken | undefined {
  if (!life.isAlive || life.hadWriteback) return undefined
  if (flavour.skipsUnhashed && life.wasUnhashed) return undefined
  const after = `${String(idleLimitMs / 1000)} s without use`
  const row = life.lastRow
  if (life.isQueued)
    return { path: 'queued and not freed', says: `still on a dispose list after ${after}`, row }
  if (life.lruBalance > 0) return { path: 'left on the LRU', says: `still on the LRU after ${after}`, row }
  return undefined
}
