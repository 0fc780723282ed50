import type { TraceHead } from '../../decode/load-trace.js'
import { bucketsHoldRef } from './buckets-hold-ref.js'
import type { Flavour, FlavourFeatures } from './flavour.js'
import { lruHoldsRef } from './lru-holds-ref.js'
import { lruHoldsRefFromOpen } from './lru-holds-ref-from-open.js'
import { seedV4 } from './seed-v4.js'
import { tableHoldsRefGc } from './table-holds-ref-gc.js'
import { tableHoldsRef } from './table-holds-ref.js'

/** At most one of them recognizes a kernel. */
export const flavours: readonly Flavour[] = [
  bucketsHoldRef,
  tableHoldsRef,
  tableHoldsRefGc,
  seedV4,
  lruHoldsRef,
  lruHoldsRefFromOpen,
]

export type ProbedFlavour =
  | { readonly flavour: Flavour; readonly reason?: undefined }
  | { readonly flavour?: undefined; readonly reason: string }

/**
 * Finds the flavour by what the kernel has; an unknown one gets a reason and no rules, never the nearest
 * one's.
 */
export function probeFlavour(features: FlavourFeatures): ProbedFlavour {
  if (features.events.size === 0)
    return { reason: 'the trace carries no formats of nfsd_file_* events to probe' }
  const flavour = flavours.find((candidate) => candidate.recognizes(features))
  return flavour ? { flavour } : { reason: `unknown file cache: ${describe(features)}` }
}

/**
 * The features that a trace carries: formats of all nfsd_file_* events, whether or not they were recorded.
 */
export function featuresOf(types: TraceHead['types']): FlavourFeatures {
  const nfsd = types.filter(({ system, name }) => system === 'nfsd' && name.startsWith('nfsd_file_'))
  const tables = nfsd.map(({ symbols }) => symbols['nf_flags'] ?? symbols['flags'] ?? {})
  const flags = tables.flatMap((table) =>
    Object.entries(table).map(([mask, name]) => [name, Number(mask)] as const),
  )
  return { events: new Set(nfsd.map(({ name }) => name)), flags: new Map(flags) }
}

function describe({ events, flags }: FlavourFeatures): string {
  const named = (names: Iterable<string>): string => [...names].sort().join(' ')
  return `events ${named(events)}; flags ${named(flags.keys())}`
}
