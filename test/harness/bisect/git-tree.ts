import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { git } from '../../nfsd-history.js'

/** A git tree that looks like a kernel's, in a folder of its own. */
export interface GitTree {
  readonly folder: string
  readonly path: string
  git(...args: string[]): Promise<string>
  /** @returns The commit's id. */
  commit(files: Readonly<Record<string, string>>, subject: string): Promise<string>
}

const files = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\n',
  Kconfig: 'source "fs/Kconfig"\n',
  'fs/nfsd/Kconfig': 'config NFSD\n',
  'fs/nfsd/filecache.c': 'int one;\n',
}

export async function createGitTree(): Promise<GitTree> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-bisect-'))
  const path = join(folder, 'linux')
  await mkdir(path)
  const run = (...args: string[]): Promise<string> => git(path, ...args)
  const commit: GitTree['commit'] = async (contents, subject) => {
    for (const [name, text] of Object.entries(contents)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), text)
    }
    await run('add', '--all')
    await run('commit', '--quiet', '--allow-empty', '--message', subject)
    return run('rev-parse', 'HEAD')
  }
  await run('init', '--quiet')
  await commit(files, 'first')
  await run('tag', 'v1')
  return { folder, path, git: run, commit }
}
