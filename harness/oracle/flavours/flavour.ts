import type { Tracepoint } from '../operations.js'

export type FlavourId = 'lru-holds-ref'

/** What of a kernel can be probed to tell its file cache's generation; never its version number. */
export interface FlavourFeatures {
  /** Names of nfsd's trace events that begin with `nfsd_file_`. */
  readonly events: ReadonlySet<string>
  /** Name -> mask, from the `__print_flags` table of nf_flags. */
  readonly flags: ReadonlyMap<string, number>
}

/**
 * A generation of fs/nfsd/filecache.c, as far as rules depend on it: which tracepoint runs where in the code.
 * Every list states what holds in a sound kernel at the moment of the tracepoint, not around it.
 */
export interface Flavour {
  readonly id: FlavourId
  /** Where it is found, for people. */
  readonly title: string
  recognizes(features: FlavourFeatures): boolean
  /**
   * Whoever runs into these holds a reference, or holds the LRU's lock with the entry, and so its reference,
   * on it.
   */
  readonly holdReference: readonly Tracepoint[]
  /** These run for the one who took the count to zero, before it frees. */
  readonly atZero: readonly Tracepoint[]
  /** The entry has just left the LRU, or is about to under the LRU's lock. */
  readonly leaveLru: readonly Tracepoint[]
  /** These may run late: after the object has been freed by another task. */
  readonly mayTrailFree: readonly Tracepoint[]
}

/** Masks of nf_flags, by the names that the kernel gives them. */
export interface FlagMasks {
  readonly hashed: number
  readonly pending: number
  readonly gc: number
  /** All that the kernel names: a value with other bits is no nf_flags but what has overwritten it. */
  readonly all: number
}

export function flagMasks({ flags }: FlavourFeatures): FlagMasks {
  const mask = (name: string): number => flags.get(name) ?? 0
  const all = [...flags.values()].reduce((sum, value) => sum | value, 0)
  return { hashed: mask('HASHED'), pending: mask('PENDING'), gc: mask('GC'), all }
}
