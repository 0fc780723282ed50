import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

export interface MadeHistory {
  /** Ids of the commits of main after the first, oldest first. */
  readonly commits: readonly string[]
  readonly good: string
}

const files = [
  'vfs.c',
  'nfs4state.c',
  'export.c',
  'nfsctl.c',
  'nfs3proc.c',
  'nfscache.c',
  'filecache.c',
  'auth.c',
]

export async function git(tree: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main']
  // Packing a whole kernel would go on beside what is measured, and the disk would have it twice.
  return (await execa('git', ['-c', 'gc.auto=0', ...identity, ...args], { cwd: tree })).stdout
}

/**
 * Makes a kernel's source a git tree with commits that each add a comment to a file of fs/nfsd; one brings a regression, one
 * does not build and the next mends it.
 */
export async function makeHistory(
  tree: string,
  count: number,
  regression: { readonly at: number; readonly patch: string },
): Promise<MadeHistory> {
  const broken = regression.at > 6 ? 3 : regression.at + 2
  await git(tree, 'init', '--quiet')
  await commit(tree, 'the kernel as it was')
  const good = await git(tree, 'rev-parse', 'HEAD')
  const commits: string[] = []
  for (let index = 0; index < count; index++) {
    const path = join(tree, 'fs', 'nfsd', files[index % files.length] ?? '')
    if (index === regression.at) await git(tree, 'apply', regression.patch)
    else await appendFile(path, `\n/* change ${index} */\n`)
    if (index === broken) await appendFile(path, '#error "half of a change"\n')
    if (index === broken + 1) await mend(join(tree, 'fs', 'nfsd', files[broken % files.length] ?? ''))
    await commit(tree, `nfsd: change ${index}`)
    commits.push(await git(tree, 'rev-parse', 'HEAD'))
  }
  return { commits, good }
}

async function commit(tree: string, subject: string): Promise<void> {
  await git(tree, 'add', '--all', '--force')
  await git(tree, 'commit', '--quiet', '--message', subject)
}

async function mend(path: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/#error .*\n/, ''))
}
