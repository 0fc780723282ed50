import { FctError } from '../../harness/fct-error.js'
import type { TreeGit } from './tree-git.js'

/**
 * The id of what a revision names.
 *
 * @param path For people.
 * @throws FctError FCT_TREE_NO_REVISION with the latest branches and tags
 */
export async function findRevision(
  git: TreeGit,
  path: string,
  revision: string,
  kind: 'commit' | 'tree',
): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{${kind}}`]
  try {
    return (await git.run(args)).split('\n').at(-1) ?? ''
  } catch (error) {
    if (!(error instanceof FctError)) throw error
    const branches = await git.run([
      'for-each-ref',
      '--count=10',
      '--sort=-committerdate',
      '--format=%(refname:short)',
    ])
    throw new FctError(
      'FCT_TREE_NO_REVISION',
      `${path} has no revision ${JSON.stringify(revision)}`,
      `Latest branches and tags: ${branches.split('\n').join(', ')}`,
      { cause: error },
    )
  }
}
