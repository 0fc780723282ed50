import type { Tracepoint } from '../operations.js'

/** The hash table holds a reference, the LRU none; what a dispose list holds may be in use. */
export const hashHolds = ['buckets-hold-ref', 'table-holds-ref', 'table-holds-ref-gc'] as const

/** The count drives the life: who takes it to zero frees, and the LRU holds a reference. */
export const lruHolds = ['seed-v4', 'lru-holds-ref', 'lru-holds-ref-from-open'] as const

/** The rework of v6.2, and what has become of it since. */
export const reworks = ['lru-holds-ref', 'lru-holds-ref-from-open'] as const

export type FlavourId = (typeof hashHolds)[number] | (typeof lruHolds)[number]

/** What of a kernel can be probed to tell its file cache's generation; never its version number. */
export interface FlavourFeatures {
  /** Names of nfsd's trace events that begin with `nfsd_file_`. */
  readonly events: ReadonlySet<string>
  /** Name -> mask, from the `__print_flags` table of nf_flags. */
  readonly flags: ReadonlyMap<string, number>
}

/**
 * A generation of fs/nfsd/filecache.c, as far as rules depend on it: which tracepoint runs where in the code.
 * Every list states what holds in a sound kernel at the moment of the tracepoint, not around it. The head of
 * each flavour says who holds references, and which of them go without a tracepoint.
 */
export interface Flavour {
  readonly id: FlavourId
  /** Where it is found, for people. */
  readonly title: string
  recognizes(features: FlavourFeatures): boolean
  /**
   * Whoever runs into these holds a reference, or what keeps one from being given up: the LRU's lock with an
   * entry that the LRU holds, the bucket's lock with one that the bucket holds.
   */
  readonly holdReference: readonly Tracepoint[]
  /** These run for the one who took the count to zero, before it frees. */
  readonly atZero: readonly Tracepoint[]
  /** The entry has just left the LRU, or is about to under the LRU's lock. */
  readonly leaveLru: readonly Tracepoint[]
  /** These may run late: after the object has been freed by another task. */
  readonly mayTrailFree: readonly Tracepoint[]
  /** What a closer may do to an object before its own nfsd_file_alloc is logged: PENDING tells it then. */
  readonly mayPrecedeAlloc: readonly Tracepoint[]
  /**
   * What a task that adds to the LRU has logged last, of the same object. Empty if that may be anything:
   * whoever holds a reference adds, whatever the count.
   */
  readonly precedeLruAdd: readonly Tracepoint[]
  /** An object that never was logged as allocated may pass through nfsd_file_free(), PENDING. */
  readonly freesUnannounced: boolean
  /** The loser of the insert race was logged as allocated, and nothing ever tells that it is gone. */
  readonly losersVanish: boolean
  /** The laundrette passes over what is unhashed and listed, for as long as somebody holds it. */
  readonly skipsUnhashed: boolean
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

/** Under construction, and no slab poison, which would look so, too. */
export function isPending(flags: number, { pending, all }: FlagMasks): boolean {
  return (flags & pending) !== 0 && (flags & ~all) === 0
}

/** Whether the kernel has all of `present` and nothing of `absent`, events and flags alike. */
export function hasFeatures(
  { events, flags }: FlavourFeatures,
  { present, absent }: { readonly present: readonly string[]; readonly absent: readonly string[] },
): boolean {
  const has = (name: string): boolean => events.has(name) || flags.has(name)
  return present.every(has) && !absent.some(has)
}
