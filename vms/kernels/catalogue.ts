import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import leven from 'leven'
import { parse } from 'yaml'
import { z } from 'zod'
import { UsageError } from '../../harness/fct-error.js'
import { packageRoot } from '../../harness/folders.js'

const entrySchema = z.strictObject({
  suites: z.array(z.string()).min(1),
  securitySuites: z.array(z.string()).default([]),
  image: z.string(),
  headers: z.string(),
})

export type CatalogueEntry = z.infer<typeof entrySchema> & { readonly name: string }

const catalogueFile = join(packageRoot, 'vms', 'kernels', 'catalogue.yaml')

export function readCatalogue(): Map<string, CatalogueEntry> {
  const entries = z.record(z.string(), entrySchema).parse(parse(readFileSync(catalogueFile, 'utf8')))
  return new Map(Object.entries(entries).map(([name, entry]) => [name, { name, ...entry }]))
}

/** @throws UsageError FCT_KERNEL_UNKNOWN with the nearest name */
export function findKernel(name: string, forms: string): CatalogueEntry {
  const catalogue = readCatalogue()
  const entry = catalogue.get(name)
  if (entry !== undefined) return entry
  const known = [...catalogue.keys()]
  throw new UsageError(
    'FCT_KERNEL_UNKNOWN',
    `there is no kernel ${JSON.stringify(name)} in the catalogue; did you mean ${nearest(name, known)}?`,
    forms,
  )
}

/** The candidate with the smallest edit distance. */
export function nearest(name: string, candidates: readonly string[]): string {
  const distance = (candidate: string): number => leven(name.toLowerCase(), candidate.toLowerCase())
  return [...candidates].sort((a, b) => distance(a) - distance(b))[0] ?? ''
}
