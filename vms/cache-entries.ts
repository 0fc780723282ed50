import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../harness/fct-error.js'
import { cacheFolder } from '../harness/folders.js'
import { lastUseOf } from './cache-use.js'
import { runProgram } from './program.js'

/** One thing in the cache. */
export interface CacheEntry {
  readonly kind: string
  readonly hash: string
  readonly folder: string
  /** What it is, for people. */
  readonly title: string
  /** What it was made of. */
  readonly inputs: unknown
  /** On disk. */
  readonly bytes: number
  readonly lastUse: Date
}

const hashName = /^[0-9a-f]{16}$/

/** Content of an entry's entry.json. */
export function describeEntry(title: string, inputs: unknown): string {
  return JSON.stringify({ title, inputs }, null, 2) + '\n'
}

/** Everything in the cache that can be made again, in no order. */
export async function listEntries(): Promise<CacheEntry[]> {
  const found: Omit<CacheEntry, 'bytes'>[] = []
  for (const kind of await foldersIn(cacheFolder())) {
    for (const hash of await foldersIn(join(cacheFolder(), kind))) {
      if (!hashName.test(hash)) continue
      const folder = join(cacheFolder(), kind, hash)
      const lastUse = await lastUseOf(folder).catch(() => undefined)
      if (lastUse === undefined) continue // removed since
      found.push({ kind, hash, folder, ...(await readDescription(folder, kind)), lastUse })
    }
  }
  const sizes = await sizesOf(found.map(({ folder }) => folder))
  return found.map((entry) => ({ ...entry, bytes: sizes.get(entry.folder) ?? 0 }))
}

async function readDescription(folder: string, kind: string): Promise<{ title: string; inputs: unknown }> {
  const text = await readFile(join(folder, 'entry.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return { title: kind, inputs: undefined }
  return JSON.parse(text) as { title: string; inputs: unknown }
}

/** Names of the folders in a folder, hidden ones left out. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

/**
 * Bytes on disk below each folder; one that vanishes meanwhile has none. du fails when a file that it was about to measure is
 * gone, as happens whenever something is being built; what it says about the rest is right.
 */
export async function sizesOf(folders: readonly string[]): Promise<Map<string, number>> {
  const present = folders.filter((folder) => existsSync(folder))
  if (present.length === 0) return new Map()
  const failure = { code: 'FCT_CACHE_UNREADABLE', doing: 'measuring the cache' } as const
  const args = ['--summarize', '--block-size=1', '--', ...present]
  const text = await runProgram('du', args, failure, { reject: false })
  if (text === '' && present.some((folder) => existsSync(folder)))
    throw new FctError(failure.code, 'the cache cannot be measured: du said nothing', cacheFolder())
  return new Map(
    text.split('\n').map((line) => {
      const [bytes = '0', ...path] = line.split('\t')
      return [path.join('\t'), Number(bytes)]
    }),
  )
}
