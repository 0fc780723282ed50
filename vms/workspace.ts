import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../harness/folders.js'
import type { BuildContext } from './cache.js'
import { describeEntry } from './cache-entries.js'
import { lockEntry, registerUse } from './cache-use.js'

/** A folder of the cache in which builds leave their objects for the next one. */
export interface Workspace {
  readonly kind: string
  readonly key: string
  /** For people: what is built in it. */
  readonly title: string
}

/** Gives `use` a workspace for itself alone; what it leaves there stays. */
export async function withWorkspace<T>(
  { kind, key, title }: Workspace,
  context: BuildContext,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(cacheFolder(), kind, key)
  const release = await lockEntry(folder, context.signal)
  try {
    context.signal.throwIfAborted()
    await registerUse(folder)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'entry.json'), describeEntry(title, { key }))
    return await use(folder)
  } finally {
    await release()
  }
}
