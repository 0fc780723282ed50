import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { cacheFolder } from '../harness/folders.js'
import type { BuildContext } from './cache.js'

/** Placeholder by me until H3's lands. */
export async function withWorkspace<T>(
  kind: string,
  key: string,
  context: BuildContext,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(cacheFolder(), kind, key)
  await mkdir(folder, { recursive: true })
  const release = await lockfile.lock(folder, { retries: { forever: true, maxTimeout: 1000 } })
  try {
    context.signal.throwIfAborted()
    return await use(folder)
  } finally {
    await release()
  }
}
