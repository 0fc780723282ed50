import type { Rule } from './rule.js'
import { acquireHashed } from './rules/acquire-hashed.js'
import { closeSyncCloses } from './rules/close-sync-closes.js'
import { consoleSplat } from './rules/console-splat.js'
import { countersMatchTrace } from './rules/counters-match-trace.js'
import { disposeAtZero } from './rules/dispose-at-zero.js'
import { endlessLoop } from './rules/endless-loop.js'
import { eventAfterFree } from './rules/event-after-free.js'
import { filecacheCounters } from './rules/filecache-counters.js'
import { freeAfterGracePeriod } from './rules/free-after-grace-period.js'
import { freeAtZero } from './rules/free-at-zero.js'
import { idleDisposed } from './rules/idle-disposed.js'
import { inUseNotTaken } from './rules/in-use-not-taken.js'
import { leakAfterShutdown } from './rules/leak-after-shutdown.js'
import { lruAlternates } from './rules/lru-alternates.js'
import { oneFreePerLife } from './rules/one-free-per-life.js'
import { putWithoutAcquire } from './rules/put-without-acquire.js'
import { refcountSaturated } from './rules/refcount-saturated.js'
import { resourceLeak } from './rules/resource-leak.js'
import { twoLists } from './rules/two-lists.js'
import { unhashOnce } from './rules/unhash-once.js'
import { unhashedLeavesLru } from './rules/unhashed-leaves-lru.js'
import { useAtZero } from './rules/use-at-zero.js'
import { writebackHoldsGc } from './rules/writeback-holds-gc.js'

/** Every rule there is, in the order in which results name them. */
export const ruleSet: readonly Rule[] = [
  eventAfterFree,
  freeAtZero,
  oneFreePerLife,
  freeAfterGracePeriod,
  useAtZero,
  refcountSaturated,
  disposeAtZero,
  inUseNotTaken,
  putWithoutAcquire,
  lruAlternates,
  twoLists,
  unhashOnce,
  acquireHashed,
  closeSyncCloses,
  unhashedLeavesLru,
  writebackHoldsGc,
  endlessLoop,
  idleDisposed,
  leakAfterShutdown,
  resourceLeak,
  filecacheCounters,
  countersMatchTrace,
  consoleSplat,
]
