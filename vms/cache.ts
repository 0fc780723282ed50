import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../harness/fct-error.js'
import { cacheFolder } from '../harness/folders.js'
import type { Mirrors } from './apt-root.js'
import { describeEntry } from './cache-entries.js'
import { lockEntry, registerUse } from './cache-use.js'

/** Something that can be made again from its inputs. Equal inputs, equal hash, no work. */
export interface Recipe {
  /** Folder of the cache that the entry stands in: `kernel`, `rootfs`, `module` ... */
  readonly kind: string
  /** Everything that decides what comes out; hashed as JSON. */
  readonly inputs: unknown
  /** What a person is told while it is built: "root file system from bookworm packages". */
  readonly title: string
  /** Makes the entry in an empty folder. That folder is moved into place when this resolves, removed when it rejects. */
  readonly build: (folder: string, signal: AbortSignal) => Promise<void>
}

/** Who asks for entries. */
export interface BuildContext {
  /** Told of every entry that has to be built; the callback it returns is called when that is over. */
  readonly announce: (title: string) => () => void
  /** Ends the programs that build, if the user stops. */
  readonly signal: AbortSignal
  /** Told of the folder of every entry that is asked for. */
  readonly onEntry?: (folder: string) => void
  /** Where Debian is downloaded from; read from this host's apt configuration if not given. */
  readonly mirrors?: Mirrors
}

export function hashOf(inputs: unknown): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16)
}

/** The hash of a file's content, as an input of a recipe. */
export function hashOfFile(path: string): string {
  return hashOf(readFileSync(path).toString('base64'))
}

function entryFolder(recipe: Pick<Recipe, 'kind' | 'inputs'>): string {
  return join(cacheFolder(), recipe.kind, hashOf(recipe.inputs))
}

export function isCached(recipe: Pick<Recipe, 'kind' | 'inputs'>): boolean {
  return existsSync(entryFolder(recipe))
}

/**
 * The folder of the entry, built first if it is not there.
 *
 * An entry appears by one rename, so a half-written one is never seen; two that ask at once build it once. This process is its
 * user from then on, until it ends: garbage collection leaves the entry alone so long.
 */
export async function obtain(recipe: Recipe, context: BuildContext): Promise<string> {
  try {
    return await obtainLocked(recipe, context)
  } catch (error) {
    throw explainNoSpace(error, recipe)
  }
}

async function obtainLocked(recipe: Recipe, context: BuildContext): Promise<string> {
  const final = entryFolder(recipe)
  const release = await lockEntry(final, context.signal)
  try {
    context.signal.throwIfAborted()
    await registerUse(final)
    if (!existsSync(final)) await build(recipe, final, context)
    context.onEntry?.(final)
  } finally {
    await release()
  }
  return final
}

/** Forgets an entry (its folder) that has turned out to be damaged. Who uses it keeps what it has open. */
export async function discard(entry: string, { signal }: Pick<BuildContext, 'signal'>): Promise<void> {
  const release = await lockEntry(entry, signal)
  try {
    await rm(entry, { recursive: true, force: true })
  } finally {
    await release()
  }
}

async function build(recipe: Recipe, final: string, context: BuildContext): Promise<void> {
  const done = context.announce(recipe.title)
  const partial = `${final}.partial`
  await rm(partial, { recursive: true, force: true })
  try {
    await mkdir(partial)
    await recipe.build(partial, context.signal)
    context.signal.throwIfAborted()
    await writeFile(join(partial, 'entry.json'), describeEntry(recipe.title, recipe.inputs))
    await rename(partial, final)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  } finally {
    done()
  }
}

/** Full disks show as ENOSPC from us or in the output of the programs we run. */
function explainNoSpace(error: unknown, recipe: Recipe): unknown {
  const text = error instanceof FctError ? `${error.message}\n${error.detail}` : String(error)
  if (!/ENOSPC|No space left on device/.test(text)) return error
  return new FctError(
    'FCT_DISK_FULL',
    `no space left for the ${recipe.title}`,
    `fctorture kernel gc takes what was not used for longest out of ${cacheFolder()}; or point XDG_CACHE_HOME at a larger disk.`,
    { cause: error },
  )
}
