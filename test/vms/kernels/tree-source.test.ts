import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readTreeName } from '../../../vms/kernels/tree-name.js'
import { openTreeSource, type TreeSource } from '../../../vms/kernels/tree-source.js'
import { quietContext } from '../../stock-kernel.js'

let folder = ''
let tree = ''

const files: Record<string, string> = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\n',
  Kconfig: 'source "fs/Kconfig"\n',
  '.gitignore': '*.o\n',
  '.gitattributes': 'fs/internal.h export-ignore\n',
  'fs/internal.h': '/* internal */\n',
  'fs/nfsd/Kconfig': 'config NFSD\n',
  'fs/nfsd/filecache.c': 'int one;\n',
  'mm/slub.c': 'int slub;\n',
}

async function write(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), text)
  }
}

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main']
  return (await execa('git', [...identity, ...args], { cwd: tree })).stdout
}

async function commit(contents: Record<string, string>, subject: string): Promise<void> {
  await write(contents)
  await git('add', '--all')
  await git('commit', '--quiet', '--message', subject)
}

async function open(revision = ''): Promise<TreeSource> {
  return openTreeSource(`tree:${tree}${revision === '' ? '' : `@${revision}`}`, quietContext.signal)
}

async function hashes(revision = ''): Promise<{ base: string; nfsd: string }> {
  const source = await open(revision)
  await source.close()
  return { base: source.base.hash, nfsd: source.nfsd.hash }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-tree-'))
  tree = join(folder, 'linux')
  await mkdir(tree)
  await git('init', '--quiet')
  await commit(files, 'first')
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

describe('readTreeName', () => {
  it('separates path and revision at the last @', () => {
    expect(readTreeName('tree:/a/b@v6.1')).toEqual({ path: '/a/b', revision: 'v6.1' })
    expect(readTreeName('tree:/a@b/c@HEAD~1')).toEqual({ path: '/a@b/c', revision: 'HEAD~1' })
    expect(readTreeName('tree:~/linux')).toEqual({ path: join(homedir(), 'linux'), revision: undefined })
  })

  it('takes a path that exists with its @ for a path', async () => {
    const path = join(folder, 'linux@work')
    await mkdir(path)
    expect(readTreeName(`tree:${path}`)).toEqual({ path, revision: undefined })
  })
})

describe('openTreeSource', () => {
  it('gives the files of a revision, whatever the working tree has', async () => {
    await write({ 'fs/nfsd/filecache.c': 'int changed;\n' })
    const source = await open('HEAD')
    await source.base.exportAll(join(folder, 'out'), quietContext)
    await source.close()
    for (const [path, text] of Object.entries(files))
      expect(await readFile(join(folder, 'out', path), 'utf8'), path).toBe(text)
  })

  it('gives the working tree with changes and new sources, but not what is ignored or no source', async () => {
    await write({
      'fs/nfsd/filecache.c': 'int changed;\n',
      'fs/nfsd/new.c': 'int new;\n',
      'fs/a.o': 'o',
      'my.patch': 'p',
    })
    const source = await open()
    expect(source.base.title).toMatch(/ with uncommitted changes$/)
    await source.base.exportAll(join(folder, 'out'), quietContext)
    await source.close()
    expect(await readFile(join(folder, 'out', 'fs/nfsd/filecache.c'), 'utf8')).toBe('int changed;\n')
    expect(await readFile(join(folder, 'out', 'fs/nfsd/new.c'), 'utf8')).toBe('int new;\n')
    expect(existsSync(join(folder, 'out', 'fs/a.o'))).toBe(false)
    expect(existsSync(join(folder, 'out', 'my.patch'))).toBe(false)
  })

  it('exports only the paths that are asked for, and leaves out those that it lacks', async () => {
    const source = await open('HEAD')
    await source.nfsd.exportPaths(
      ['fs/nfsd', 'fs/internal.h', 'Documentation/sunrpc/xdr'],
      join(folder, 'out'),
      quietContext,
    )
    await source.close()
    expect(existsSync(join(folder, 'out', 'fs/nfsd/filecache.c'))).toBe(true)
    expect(existsSync(join(folder, 'out', 'fs/internal.h'))).toBe(true)
    expect(existsSync(join(folder, 'out', 'mm'))).toBe(false)
  })

  it('changes nothing in the repository', async () => {
    await write({ 'fs/nfsd/filecache.c': 'int changed;\n', 'fs/nfsd/new.c': 'int new;\n' })
    const state = async (): Promise<string> => {
      const { stdout } = await execa('find', ['.git', '-type', 'f', '-exec', 'sha256sum', '{}', '+'], {
        cwd: tree,
      })
      return stdout.split('\n').sort().join('\n')
    }
    const before = await state()
    const source = await open()
    await source.base.exportAll(join(folder, 'out'), quietContext)
    await source.close()
    expect(await state()).toBe(before)
    expect(await git('status', '--porcelain')).toBe(' M fs/nfsd/filecache.c\n?? fs/nfsd/new.c')
  })

  it('gives trees that differ in fs/nfsd alone one base, but not those that differ in its Kconfig or elsewhere', async () => {
    const first = await hashes('HEAD')
    await commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'second')
    const second = await hashes('HEAD')
    expect(second.base).toBe(first.base)
    expect(second.nfsd).not.toBe(first.nfsd)
    await commit({ 'fs/nfsd/Kconfig': 'config NFSD\n  tristate\n' }, 'third')
    const third = await hashes('HEAD')
    expect(third.base).not.toBe(first.base)
    await commit({ 'mm/slub.c': 'int slab;\n' }, 'fourth')
    expect((await hashes('HEAD')).base).not.toBe(third.base)
    expect(await hashes()).toEqual(await hashes('HEAD'))
  })

  it('takes linked worktrees, bare repositories and repositories of others', async () => {
    const first = await hashes('HEAD')
    await git('worktree', 'add', '--quiet', join(folder, 'linked'))
    await git('clone', '--quiet', '--bare', tree, join(folder, 'bare.git'))
    await execa('chown', ['-R', 'nobody', join(folder, 'bare.git')])
    for (const name of [`tree:${join(folder, 'linked')}`, `tree:${join(folder, 'bare.git')}@main`]) {
      const source = await openTreeSource(name, quietContext.signal)
      await source.base.exportAll(join(folder, 'out', source.name), quietContext)
      await source.close()
      expect(existsSync(join(folder, 'out', source.name, 'mm/slub.c'))).toBe(true)
      expect(source.nfsd.hash).toBe(first.nfsd)
    }
  })

  it('refuses what is no kernel tree, each with its code', async () => {
    const codeOf = async (name: string): Promise<string> =>
      openTreeSource(name, quietContext.signal).then(
        () => 'opened',
        (error: unknown) => (error as { code: string }).code,
      )
    expect(await codeOf(`tree:${folder}/absent`)).toBe('FCT_TREE_NOT_FOUND')
    expect(await codeOf(`tree:${folder}`)).toBe('FCT_TREE_NOT_GIT')
    expect(await codeOf(`tree:${tree}/fs`)).toBe('FCT_TREE_NOT_GIT')
    expect(await codeOf(`tree:${tree}@nowhere`)).toBe('FCT_TREE_NO_REVISION')
    expect(await codeOf(`tree:${tree}@--help`)).toBe('FCT_TREE_NO_REVISION')
    await git('rm', '--quiet', 'fs/nfsd/filecache.c')
    expect(await codeOf(`tree:${tree}`)).toBe('FCT_TREE_NO_KERNEL')
  })

  it('reads the tree that is named, whatever git has put into the environment', async () => {
    const first = await hashes('HEAD')
    await git('clone', '--quiet', tree, join(folder, 'other'))
    await commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'second')
    vi.stubEnv('GIT_DIR', join(tree, '.git'))
    const other = await openTreeSource(`tree:${join(folder, 'other')}@HEAD`, quietContext.signal)
    await other.close()
    expect(other.nfsd.hash).toBe(first.nfsd)
  })

  it('ends lines as they are in the tree, whatever core.autocrlf says', async () => {
    await git('config', 'core.autocrlf', 'true')
    const source = await open('HEAD')
    await source.base.exportAll(join(folder, 'out'), quietContext)
    await source.close()
    expect(await readFile(join(folder, 'out', 'mm/slub.c'), 'utf8')).toBe('int slub;\n')
  })

  it('names the files with conflicts', async () => {
    await git('checkout', '--quiet', '-b', 'other')
    await commit({ 'mm/slub.c': 'int theirs;\n' }, 'theirs')
    await git('checkout', '--quiet', 'main')
    await commit({ 'mm/slub.c': 'int ours;\n' }, 'ours')
    await git('merge', 'other').catch(() => undefined)
    await expect(open()).rejects.toMatchObject({ code: 'FCT_TREE_CONFLICT', detail: 'mm/slub.c' })
  })

  it('keeps modes and symbolic links', async () => {
    await symlink('internal.h', join(tree, 'fs', 'link.h'))
    await chmod(join(tree, 'Makefile'), 0o755)
    await commit({}, 'link')
    const source = await open('HEAD')
    await source.base.exportAll(join(folder, 'out'), quietContext)
    await source.close()
    const { stdout } = await execa('stat', ['--format=%F %A', 'fs/link.h', 'Makefile'], {
      cwd: join(folder, 'out'),
    })
    expect(stdout).toMatch(/^symbolic link .*\nregular file -rwx/)
  })
})
