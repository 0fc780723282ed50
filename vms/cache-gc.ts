import { existsSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../harness/folders.js'
import { logsFolder } from './kernels/build-failure.js'
import { foldersIn, listEntries, sizesOf, type CacheEntry } from './cache-entries.js'
import { forgetUse, isInUse, noted, tryLockEntry } from './cache-use.js'

export const defaultLimitBytes = 20 * 2 ** 30
const logDays = 30

export interface GcOptions {
  readonly limitBytes: number
  /** Nothing is removed; the report says what would be. */
  readonly isDryRun: boolean
}

export interface GcReport {
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly removed: readonly CacheEntry[]
  /** Their turn had come, but a job uses or builds them. */
  readonly inUse: readonly CacheEntry[]
}

/**
 * Removes entries, oldest use first, until what the cache holds is within the limit. An entry that a living process has asked
 * for, or that is being built, stays. What killed builds left goes in any case, and logs of builds after 30 days. ccache bounds
 * itself, and is only counted as package lists and what else is no entry.
 */
export async function collectGarbage({ limitBytes, isDryRun }: GcOptions): Promise<GcReport> {
  if (!isDryRun) await sweep()
  const entries = (await listEntries()).sort((a, b) => a.lastUse.getTime() - b.lastUse.getTime())
  const bytesBefore = (await sizesOf([cacheFolder()])).get(cacheFolder()) ?? 0
  const removed: CacheEntry[] = []
  const inUse: CacheEntry[] = []
  let bytesAfter = bytesBefore
  for (const entry of entries) {
    if (bytesAfter <= limitBytes) break
    const outcome = await remove(entry.folder, isDryRun)
    if (outcome === 'kept') inUse.push(entry)
    else bytesAfter -= entry.bytes
    if (outcome === 'removed') removed.push(entry)
  }
  return { bytesBefore, bytesAfter, removed, inUse }
}

/** What came of it; 'gone' if another collection was faster. It goes by one rename, so that nobody finds half of it. */
async function remove(entry: string, isDryRun: boolean): Promise<'removed' | 'kept' | 'gone'> {
  const outcome = await withFreeLock(entry, async () => {
    if (!existsSync(entry)) return 'gone'
    if (await isInUse(entry)) return 'kept'
    if (isDryRun) return 'removed'
    const trash = `${entry}.trash`
    await rename(entry, trash)
    await forgetUse(entry)
    await rm(trash, { recursive: true })
    return 'removed'
  })
  return outcome ?? 'kept'
}

/** Does `work` with the entry's lock held; undefined if somebody else has it. */
async function withFreeLock<T>(entry: string, work: () => Promise<T>): Promise<T | undefined> {
  const release = await tryLockEntry(entry).catch(lockOfFullDisk)
  if (release === undefined) return undefined
  try {
    return await work()
  } finally {
    await release()
  }
}

/** Where there is no room for a lock, nobody else gets one, either; one that is there is found first, full or not. */
function lockOfFullDisk(error: unknown): () => Promise<void> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  return () => Promise.resolve()
}

/** Removes what builds, collections and downloads left that were killed. */
async function sweep(): Promise<void> {
  await sweepUse()
  await sweepLogs()
  for (const kind of await foldersIn(cacheFolder())) {
    for (const name of await foldersIn(join(cacheFolder(), kind))) {
      const path = join(cacheFolder(), kind, name)
      if (/\.(partial|trash|lock)$/.test(name)) await sweepRest(path)
      if (kind === 'apt' && !existsSync(`/proc/${name.split('-').at(-1) ?? ''}`))
        await rm(path, { recursive: true, force: true })
    }
  }
}

async function sweepLogs(): Promise<void> {
  const oldest = Date.now() - logDays * 24 * 3600 * 1000
  const names = existsSync(logsFolder()) ? await readdir(logsFolder()) : []
  for (const path of names.map((name) => join(logsFolder(), name))) {
    if ((await stat(path)).mtimeMs < oldest) await rm(path)
  }
}

/**
 * Notes of use whose entries never came to be, or were removed by hand. With the lock, for a build that begins notes its use
 * before there is an entry.
 */
async function sweepUse(): Promise<void> {
  for (const entry of await noted()) {
    if (existsSync(entry)) continue
    await withFreeLock(entry, async () => {
      if (!existsSync(entry) && !(await isInUse(entry))) await forgetUse(entry)
    })
  }
}

/** A lock goes by being taken and given back: nobody can take one that a living process holds. */
async function sweepRest(path: string): Promise<void> {
  await withFreeLock(path.replace(/\.\w+$/, ''), async () => {
    if (!path.endsWith('.lock')) await rm(path, { recursive: true, force: true })
  })
}
