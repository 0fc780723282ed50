import { readFileSync, rmSync } from 'node:fs'
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { cacheFolder } from '../harness/folders.js'

/**
 * Who uses which entry, and when it was used last. A user is a process, named by its number, its start and the boot: of a
 * process that was killed the marker stays, but nobody takes it for a living one.
 */
function folderOfUsers(entry: string): string {
  return join(cacheFolder(), '.use', `${basename(dirname(entry))}.${basename(entry)}`)
}

/** Entries whose use was ever noted, whether they still exist or not. */
export async function noted(): Promise<string[]> {
  const names = await readdir(join(cacheFolder(), '.use')).catch(() => [])
  return names.map((name) => join(cacheFolder(), ...name.split('.')))
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Field 22 of /proc/PID/stat (man proc): the second field is a name in parentheses, which may hold blanks. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined // it has ended
  }
}

const mine = new Set<string>()

process.on('exit', () => {
  for (const marker of mine) rmSync(marker, { force: true })
})

/** Notes that this process uses an entry from now to its end. To be called with the entry's lock held. */
export async function registerUse(entry: string): Promise<void> {
  const folder = folderOfUsers(entry)
  const marker = join(folder, `${process.pid}-${startOf('self') ?? ''}-${bootId()}`)
  await mkdir(folder, { recursive: true })
  await writeFile(marker, '')
  mine.add(marker)
  const now = new Date()
  await utimes(folder, now, now)
}

/** This process uses nothing any more of what it has asked for. To be called when nothing of ours runs. */
export async function endOwnUse(): Promise<void> {
  for (const marker of mine) await rm(marker, { force: true })
  mine.clear()
}

/** Whether a living process has asked for the entry; forgets dead ones. */
export async function isInUse(entry: string): Promise<boolean> {
  const folder = folderOfUsers(entry)
  const lastUse = await lastUseOf(entry).catch(() => new Date(0))
  const boot = bootId()
  let isUsed = false
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid = '', start, itsBoot] = /^(\d+)-(\d+)-(.+)$/.exec(name) ?? []
    const isAlive = itsBoot === boot && startOf(Number(pid)) === start
    if (isAlive) isUsed = true
    else await rm(join(folder, name), { force: true })
  }
  await utimes(folder, lastUse, lastUse).catch(() => undefined)
  return isUsed
}

export async function lastUseOf(entry: string): Promise<Date> {
  const { mtime } = await stat(folderOfUsers(entry)).catch(() => stat(entry))
  return mtime
}

/** To be called when the entry is gone. */
export async function forgetUse(entry: string): Promise<void> {
  await rm(folderOfUsers(entry), { recursive: true, force: true })
}

/**
 * Waits for an entry's lock, at the most until the user stops: another process may build for many minutes. Whoever has it may
 * build, use or remove the entry.
 */
export async function lockEntry(entry: string, signal: AbortSignal): Promise<() => Promise<void>> {
  for (let waitMs = 20; ; waitMs = Math.min(2 * waitMs, 500)) {
    signal.throwIfAborted()
    const release = await tryLockEntry(entry)
    if (release !== undefined) return release
    await delay(waitMs, undefined, { signal }).catch(() => {
      signal.throwIfAborted()
    })
  }
}

/** The lock if it is free, else undefined. */
export async function tryLockEntry(entry: string): Promise<(() => Promise<void>) | undefined> {
  await mkdir(dirname(entry), { recursive: true })
  try {
    return await lockfile.lock(entry, { realpath: false, retries: 0 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined
    throw error
  }
}
