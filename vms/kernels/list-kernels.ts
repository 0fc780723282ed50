import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { listEntries, type CacheEntry } from '../cache-entries.js'
import { hashOf } from '../cache.js'
import { readCatalogue, type CatalogueEntry } from './catalogue.js'
import { recipeInputs } from './debian-kernel.js'
import { recallPackages } from './debian-packages.js'
import { recallFlavour } from './known-flavours.js'

/** A kernel of the catalogue and what this machine has of it. */
export interface CatalogueKernel {
  readonly name: string
  readonly suite: string
  /** `uname -r`; null if it is not cached. */
  readonly release: string | null
  /** Of its file cache, as a run has found it; null if none has. */
  readonly flavour: string | null
  /** Of its image and headers on disk. */
  readonly bytes: number
  /** ISO 8601 */
  readonly lastUse: string | null
}

/** Any other thing in the cache. */
export interface CachedThing {
  readonly kind: string
  readonly title: string
  readonly hash: string
  readonly bytes: number
  readonly lastUse: string
}

export interface KernelList {
  readonly catalogue: readonly CatalogueKernel[]
  readonly cached: readonly CachedThing[]
}

/** Looks into the cache; nothing is downloaded. */
export async function listKernels(): Promise<KernelList> {
  const entries = await listEntries()
  const named = new Set<CacheEntry>()
  const catalogue: CatalogueKernel[] = []
  for (const entry of readCatalogue().values()) {
    const cached = await findCached(entry, entries)
    if (cached !== undefined) named.add(cached)
    catalogue.push(await describe(entry, cached))
  }
  const others = entries.filter((entry) => !named.has(entry))
  const cached = others.map(({ kind, title, hash, bytes, lastUse }) => {
    return { kind, title, hash, bytes, lastUse: lastUse.toISOString() }
  })
  return { catalogue, cached }
}

async function findCached(
  entry: CatalogueEntry,
  entries: readonly CacheEntry[],
): Promise<CacheEntry | undefined> {
  const packages = await recallPackages(entry)
  if (packages === undefined) return undefined
  const hash = hashOf(recipeInputs(packages))
  return entries.find((candidate) => candidate.kind === 'kernel' && candidate.hash === hash)
}

async function describe(
  { name, suites: [suite = ''] }: CatalogueEntry,
  cached: CacheEntry | undefined,
): Promise<CatalogueKernel> {
  if (cached === undefined) return { name, suite, release: null, flavour: null, bytes: 0, lastUse: null }
  const [release = null] = await readdir(join(cached.folder, 'lib', 'modules'))
  const flavour = (await recallFlavour(cached.hash)) ?? null
  return { name, suite, release, flavour, bytes: cached.bytes, lastUse: cached.lastUse.toISOString() }
}
