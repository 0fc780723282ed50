import type { Rule } from './rule.js'
import { acquireHashed } from './rules/acquire-hashed.js'
import { consoleSplat } from './rules/console-splat.js'
import { disposeAtZero } from './rules/dispose-at-zero.js'
import { eventAfterFree } from './rules/event-after-free.js'
import { filecacheCounters } from './rules/filecache-counters.js'
import { freeAtZero } from './rules/free-at-zero.js'
import { idleDisposed } from './rules/idle-disposed.js'
import { leakAfterShutdown } from './rules/leak-after-shutdown.js'
import { lruAlternates } from './rules/lru-alternates.js'
import { oneFreePerLife } from './rules/one-free-per-life.js'
import { putWithoutAcquire } from './rules/put-without-acquire.js'
import { unhashOnce } from './rules/unhash-once.js'
import { useAtZero } from './rules/use-at-zero.js'

/** Every rule there is, in the order in which results name them. */
export const ruleSet: readonly Rule[] = [
  eventAfterFree,
  freeAtZero,
  oneFreePerLife,
  useAtZero,
  disposeAtZero,
  putWithoutAcquire,
  lruAlternates,
  unhashOnce,
  acquireHashed,
  idleDisposed,
  leakAfterShutdown,
  filecacheCounters,
  consoleSplat,
]
