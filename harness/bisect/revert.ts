import { join } from 'node:path'
import { openTreeGit } from '../../vms/kernels/tree-git.js'
import { FctError } from '../fct-error.js'
import { nameOf, type Range } from './range.js'

/** How a commit reverts on the bad end: as a patch, or why not. */
export type Reverted =
  | { readonly patch: string; readonly reason: undefined }
  | { readonly patch: undefined; readonly reason: string }

const identity = ['-c', 'user.name=fctorture', '-c', 'user.email=fctorture@localhost']

/**
 * Writes `revert.patch`, which takes a commit back at the bad end, as `git revert` would. The user's tree and repository stay
 * as they are: git merges in a store of our own.
 */
export async function revertInTree(
  { tree, range, culprit, into }: { tree: string; range: Range; culprit: number; into: string },
  signal: AbortSignal,
): Promise<Reverted> {
  const commit = range.candidates[culprit]
  const bad = range.candidates.at(-1)
  if (!commit || !bad) throw new RangeError(`there is no candidate ${culprit}`)
  const git = await openTreeGit(tree, signal)
  try {
    const parents = (await git.run(['rev-list', '--no-walk', '--parents', commit.id])).split(' ').slice(1)
    if (parents.length !== 1) return refused(`${nameOf(commit)} is a merge`)
    // Three commits that have nothing else in common: merge-tree of git 2.39 looks for the base itself.
    const snapshot = (revision: string, ...more: string[]): Promise<string> =>
      git.run([...identity, 'commit-tree', `${revision}^{tree}`, '-m', revision, ...more])
    const base = await snapshot(commit.id)
    const ours = await snapshot(bad.id, '-p', base)
    const theirs = await snapshot(parents[0] ?? '', '-p', base)
    const merged = await git
      .run(['merge-tree', '--write-tree', '--name-only', ours, theirs], { code: 'FCT_BISECT_REVERT' })
      .catch((error: unknown) => {
        if (error instanceof FctError && error.code === 'FCT_BISECT_REVERT') return error
        throw error
      })
    if (merged instanceof FctError) return refused(`it conflicts with what came after it\n${merged.detail}`)
    if (merged === (await git.run(['rev-parse', `${bad.id}^{tree}`])))
      return refused('reverting it changes nothing at the bad end')
    const patch = join(into, 'revert.patch')
    await git.run(['diff', '--binary', '--no-ext-diff', `--output=${patch}`, bad.id, merged])
    return { patch, reason: undefined }
  } finally {
    await git.close()
  }
}

function refused(reason: string): Reverted {
  return { patch: undefined, reason }
}
