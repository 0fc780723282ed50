import { copyFile, mkdir, stat, utimes } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { hashOf } from '../cache.js'
import type { KernelSource } from './kernel.js'
import { openTreeGit, type TreeGit } from './tree-git.js'
import { readTreeName, type TreeName } from './tree-name.js'
import { findRevision } from './tree-revision.js'

/** A git tree at one moment: a revision of it, or the working tree as it was when this was opened. */
export interface TreeSource {
  readonly name: string
  /** All of it but fs/nfsd: trees that differ only there have the same hash and share a kernel. Exports the whole tree. */
  readonly base: KernelSource
  /** With fs/nfsd. */
  readonly nfsd: KernelSource
  /** Afterwards nothing can be exported. */
  close(): Promise<void>
}

/**
 * Opens `tree:PATH[@REVISION]`. Nothing in the repository or the working tree changes.
 *
 * @throws FctError FCT_TREE_NOT_FOUND, FCT_TREE_NOT_GIT, FCT_TREE_NO_REVISION, FCT_TREE_CONFLICT, FCT_TREE_NO_KERNEL
 */
export async function openTreeSource(name: string, signal: AbortSignal): Promise<TreeSource> {
  const wanted = readTreeName(name)
  const git = await openTreeGit(wanted.path, signal)
  try {
    const tree = await (wanted.revision === undefined
      ? writeWorkingTree(git, wanted)
      : findRevision(git, wanted.path, wanted.revision, 'tree'))
    await requireKernel(git, tree, wanted)
    const title = await describe(git, tree, wanted)
    const exports = { title, ...exportsOf(git, tree) }
    const base = { ...exports, hash: await hashWithoutNfsd(git, tree) }
    return { name, base, nfsd: { ...exports, hash: tree }, close: () => git.close() }
  } catch (error) {
    await git.close()
    throw error
  }
}

/** New files count if a build would read them. */
const newSources = ['*.c', '*.h', '*.S', '*.lds', '*Kconfig*', '*Makefile*', '*Kbuild*']

async function writeWorkingTree(git: TreeGit, { path }: TreeName): Promise<string> {
  await copyIndex(git, path)
  const unmerged = await git.run(['ls-files', '--unmerged'])
  if (unmerged !== '') {
    const files = [...new Set(unmerged.split('\n').map((line) => line.split('\t')[1] ?? ''))]
    throw new FctError('FCT_TREE_CONFLICT', `${path} has files with merge conflicts`, files.join('\n'))
  }
  await git.run(['add', '--update'])
  const others = await git.run(['ls-files', '--others', '--exclude-standard', '-z', '--', ...newSources])
  await git.run(['update-index', '--add', '-z', '--stdin'], { input: others })
  return git.run(['write-tree'])
}

/** With its time stamp, by which git knows what may have changed since it was written. */
async function copyIndex(git: TreeGit, path: string): Promise<void> {
  const index = join(await git.run(['rev-parse', '--absolute-git-dir']), 'index')
  const copy = join(git.scratch, 'index')
  if (!existsSync(index)) {
    const advice = `Name a revision: tree:${path}@BRANCH`
    throw new FctError('FCT_TREE_NO_REVISION', `${path} has no working tree`, advice)
  }
  await copyFile(index, copy)
  const { atime, mtime } = await stat(index)
  await utimes(copy, atime, mtime)
}

async function requireKernel(git: TreeGit, tree: string, { path }: TreeName): Promise<void> {
  const present = await git.run([
    'ls-tree',
    '--name-only',
    tree,
    '--',
    'Makefile',
    'Kconfig',
    'fs/nfsd/filecache.c',
  ])
  const missing = ['Makefile', 'Kconfig', 'fs/nfsd/filecache.c'].filter(
    (file) => !present.split('\n').includes(file),
  )
  const makefile = missing.includes('Makefile') ? '' : await git.run(['cat-file', 'blob', `${tree}:Makefile`])
  if (missing.length === 0 && /^VERSION = \d+$/m.test(makefile) && /^PATCHLEVEL = \d+$/m.test(makefile))
    return
  const reason =
    missing.length > 0 ? `it has no ${missing.join(', ')}` : 'its Makefile has no VERSION and PATCHLEVEL'
  throw new FctError('FCT_TREE_NO_KERNEL', `${path} is no tree of a kernel with nfsd's file cache: ${reason}`)
}

/** fs/nfsd/Kconfig stays in it, for the whole kernel's configuration is made of it. */
async function hashWithoutNfsd(git: TreeGit, tree: string): Promise<string> {
  const top = await git.run(['ls-tree', tree])
  const fs = await git.run(['ls-tree', `${tree}:fs`])
  const kconfig = await git.run(['ls-tree', tree, '--', 'fs/nfsd/Kconfig'])
  const without = (listing: string, name: string): string[] =>
    listing.split('\n').filter((line) => line.split('\t')[1] !== name)
  return hashOf([without(top, 'fs'), without(fs, 'nfsd'), kconfig])
}

async function describe(git: TreeGit, tree: string, { path, revision }: TreeName): Promise<string> {
  const commit = await git
    .run(['rev-parse', '--short', `${revision ?? 'HEAD'}^{commit}`])
    .catch(() => tree.slice(0, 12))
  const isChanged =
    revision === undefined && (await git.run(['rev-parse', 'HEAD^{tree}']).catch(() => '')) !== tree
  return `${path} at ${commit}${isChanged ? ' with uncommitted changes' : ''}`
}

function exportsOf(git: TreeGit, tree: string): Pick<KernelSource, 'exportPaths' | 'exportAll'> {
  const checkOut = async (paths: readonly string[], into: string): Promise<void> => {
    await mkdir(into, { recursive: true })
    await git.run(['read-tree', tree])
    const files = await git.run(['ls-files', '-z', '--', ...paths])
    await git.run(['checkout-index', '-z', '--stdin', `--prefix=${into}/`], { input: files, workTree: into })
  }
  return { exportPaths: checkOut, exportAll: (into) => checkOut([], into) }
}
