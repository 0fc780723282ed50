import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { cacheFolder } from '../harness/folders.js'
import { hashOf } from './cache.js'
import { lockEntry } from './cache-use.js'
import { runProgram } from './program.js'

/** Entries of one machine's cache, for another's that shares no file system with it. */
export interface Parcel {
  /** An archive; whoever unpacks it has it under the same name. */
  readonly file: string
  /** `kind/hash` */
  readonly entries: readonly string[]
  /** Which packages names of kernels stand for (`resolved/`), so that nobody asks an archive: text by name. */
  readonly resolved: Readonly<Record<string, string>>
}

/** Parcels that nobody has sent for so long are removed. */
const keptMs = 30 * 86_400_000

/**
 * @param folders Of entries, as `obtain` gives them.
 * @param into Gets the archive; one that is there already is sent again.
 */
export async function packEntries(
  folders: Iterable<string>,
  into: string,
  signal: AbortSignal,
): Promise<Parcel> {
  const entries = [...new Set([...folders].map((folder) => relative(cacheFolder(), folder)))].sort()
  const file = join(into, `${hashOf(entries)}.tar`)
  await mkdir(into, { recursive: true })
  if (existsSync(file)) {
    await utimes(file, new Date(), new Date())
  } else {
    await removeOld(into)
    const partial = `${file}.${String(process.pid)}.partial`
    try {
      const args = ['--create', '--sparse', '--file', partial, '--directory', cacheFolder(), '--', ...entries]
      await tar(args, signal)
      await rename(partial, file)
    } finally {
      await rm(partial, { force: true })
    }
  }
  return { file, entries, resolved: await readResolved() }
}

/** What is there already stays as it is. Two at a time unpack a parcel once. */
export async function unpackParcel({ file, entries, resolved }: Parcel, signal: AbortSignal): Promise<void> {
  for (const [name, text] of Object.entries(resolved)) await writeResolved(name, text)
  const place = join(cacheFolder(), 'parcel', basename(file, '.tar'))
  const partial = `${place}.partial`
  const release = await lockEntry(place, signal)
  try {
    if (entries.every((entry) => existsSync(join(cacheFolder(), entry)))) return
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial)
    await tar(['--extract', '--file', file, '--directory', partial], signal)
    for (const entry of entries) await moveIn(join(partial, entry), join(cacheFolder(), entry), signal)
  } finally {
    await rm(partial, { recursive: true, force: true })
    await release()
  }
}

async function moveIn(from: string, entry: string, signal: AbortSignal): Promise<void> {
  const release = await lockEntry(entry, signal)
  try {
    if (!existsSync(entry)) await rename(from, entry)
  } finally {
    await release()
  }
}

function tar(args: readonly string[], signal: AbortSignal): Promise<string> {
  return runProgram(
    'tar',
    args,
    { code: 'FCT_CACHE_PARCEL', doing: 'packing entries of the cache' },
    { signal },
  )
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (Date.now() - (await stat(path)).mtimeMs > keptMs) await rm(path, { force: true })
  }
}

function resolvedFile(name: string): string {
  return join(cacheFolder(), 'resolved', name)
}

async function readResolved(): Promise<Record<string, string>> {
  const names = await readdir(resolvedFile('')).catch(() => [])
  const files = names.filter((name) => name.endsWith('.json'))
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(resolvedFile(name), 'utf8')] as const)),
  )
}

async function writeResolved(name: string, text: string): Promise<void> {
  const path = resolvedFile(basename(name))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.${String(process.pid)}`, text)
  await rename(`${path}.${String(process.pid)}`, path)
}
