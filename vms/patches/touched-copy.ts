import { chmod, copyFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FctError, messageOf } from '../../harness/fct-error.js'
import { inspect } from './tree-path.js'

interface Content {
  readonly bytes: Buffer
  readonly mode: number
}

interface Difference {
  readonly path: string
  readonly before: Content | undefined
  readonly after: Content | undefined
}

/** The files of a tree that patches touch, twice: one copy to work on, one to compare with and go back to. */
export class TouchedCopy {
  private readonly paths = new Set<string>()

  private constructor(
    private readonly tree: string,
    /** The copy to work on. */
    readonly folder: string,
    private readonly original: string,
  ) {}

  static async create(tree: string, scratch: string): Promise<TouchedCopy> {
    const [folder, original] = [join(scratch, 'work', 'tree'), join(scratch, 'original')]
    await mkdir(folder, { recursive: true })
    await mkdir(original)
    return new TouchedCopy(tree, folder, original)
  }

  /** Copies files that have not been copied before. @throws FctError FCT_PATCH_PATH for one that is behind a link. */
  async add(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (this.paths.has(path)) continue
      const exists = (await inspect(this.tree, path)) !== undefined
      this.paths.add(path)
      if (!exists) continue
      for (const target of [this.folder, this.original]) {
        await mkdir(dirname(join(target, path)), { recursive: true })
        await copyFile(join(this.tree, path), join(target, path))
      }
    }
  }

  async findChanged(): Promise<string[]> {
    return (await this.findDifferences()).map(({ path }) => path)
  }

  /** Puts what has changed into the tree, all of it or nothing. @returns the changed paths, sorted. */
  async install(): Promise<string[]> {
    const differences = await this.findDifferences()
    const undo: (() => Promise<void>)[] = []
    try {
      for (const { path, before, after } of differences) {
        const made = await makeFolder(this.tree, path)
        undo.unshift(() => restore(this.tree, path, before, made))
        await put(this.tree, path, after)
      }
    } catch (error) {
      throw await undoAll(undo, this.tree, error)
    }
    return differences.map(({ path }) => path)
  }

  private async findDifferences(): Promise<Difference[]> {
    const differences: Difference[] = []
    for (const path of [...this.paths].sort()) {
      const [before, after] = [await read(this.original, path), await read(this.folder, path)]
      if (!isSame(before, after)) differences.push({ path, before, after })
    }
    return differences
  }
}

async function read(folder: string, path: string): Promise<Content | undefined> {
  const info = await inspect(folder, path)
  return info === undefined ? undefined : { bytes: await readFile(join(folder, path)), mode: info.mode }
}

function isSame(one: Content | undefined, other: Content | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.mode === other.mode && one.bytes.equals(other.bytes)
}

async function undoAll(
  undo: readonly (() => Promise<void>)[],
  tree: string,
  cause: unknown,
): Promise<FctError> {
  const failures: string[] = []
  for (const step of undo) await step().catch((error: unknown) => failures.push(messageOf(error)))
  const state = failures.length === 0 ? 'it is as it was' : 'and could not be put back as it was'
  const lines = [messageOf(cause), ...failures]
  return new FctError(
    'FCT_PATCH_TREE_NOT_WRITABLE',
    `${tree}: cannot be written, ${state}`,
    lines.join('\n'),
    { cause },
  )
}

/** @returns the outermost folder that had to be made. */
async function makeFolder(tree: string, path: string): Promise<string | undefined> {
  return mkdir(dirname(join(tree, path)), { recursive: true })
}

/** By a rename, so that other links to the file (a tree copied with `cp -l`) keep what they have. */
async function put(tree: string, path: string, content: Content | undefined): Promise<void> {
  const file = join(tree, path)
  if (content === undefined) {
    await rm(file, { force: true })
    return
  }
  const partial = `${file}.fct-${process.pid}`
  try {
    await writeFile(partial, content.bytes)
    await chmod(partial, content.mode)
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function restore(
  tree: string,
  path: string,
  before: Content | undefined,
  made: string | undefined,
): Promise<void> {
  if (!isSame(await read(tree, path), before)) await put(tree, path, before)
  for (
    let folder = dirname(join(tree, path));
    made !== undefined && folder.startsWith(made);
    folder = dirname(folder)
  ) {
    await rmdir(folder).catch(() => undefined)
  }
}
