import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'
import { borrowCache } from '../../borrowed-cache.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
let folder = ''
let home = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-kernel-errors-'))
  home = join(folder, 'home')
  await borrowCache(home)
})

afterAll(() => rm(folder, { recursive: true }))

async function run(
  ...args: string[]
): Promise<{ exitCode: number | undefined; code: string; message: string }> {
  const command = ['run', 'CLOSE01', '--json', '--runs', folder, ...args]
  const { exitCode, stdout } = await execa(process.execPath, [cli, ...command], {
    reject: false,
    env: { XDG_CACHE_HOME: home },
  })
  const result = JSON.parse(stdout) as ResultDocument
  expect(result.verdict).toBe('ERROR')
  return { exitCode, code: result.reasons[0]?.code ?? '', message: result.reasons[0]?.message ?? '' }
}

/** A patch of one line of fs/nfsd/filecache.c of 6.1. */
async function writePatch(before: string, after: string): Promise<string> {
  const path = join(folder, 'one.patch')
  const lines = [
    '--- a/fs/nfsd/filecache.c',
    '+++ b/fs/nfsd/filecache.c',
    '@@ -1,3 +1,3 @@',
    `-${before}`,
    `+${after}`,
    ' /*',
    '  * The NFSD open file cache.',
  ]
  await writeFile(path, lines.join('\n') + '\n')
  return path
}

const firstLine = '// SPDX-License-Identifier: GPL-2.0'

/** Of builds that failed or were stopped. */
async function leftovers(): Promise<string[]> {
  const names = await readdir(join(home, 'fctorture', 'nfsd')).catch(() => [])
  return names.filter((name) => !/^[0-9a-f]{16}$/.test(name))
}

describe('a run ends as ERROR, exit 125, when', () => {
  it('a patch does not apply: file, hunk and reject are shown', async () => {
    const { exitCode, code, message } = await run('--patch', await writePatch('int not_there;', 'int x;'))
    expect({ exitCode, code }).toEqual({ exitCode: 125, code: 'FCT_PATCH_DOES_NOT_APPLY' })
    expect(message).toMatch(/fs\/nfsd\/filecache\.c, hunk 1/)
    expect(message).toContain('-int not_there;')
    expect(await leftovers()).toEqual([])
  })

  it('nfsd.ko cannot be built: the first error of the compiler is shown', async () => {
    const { exitCode, code, message } = await run('--patch', await writePatch(firstLine, 'int x = "y" + ;'))
    expect({ exitCode, code }).toEqual({ exitCode: 125, code: 'FCT_NFSD_BUILD' })
    expect(message.split('\n')[0]).toMatch(/filecache\.c:1:\d+: error: /)
    expect(await readFile(/The whole log: (.+)/.exec(message)?.[1] ?? '', 'utf8')).toContain('error: ')
    expect(await leftovers()).toEqual([])
  })

  it.each([
    ['there is no tree', ['--kernel', 'tree:/nonexistent'], 'FCT_TREE_NOT_FOUND'],
    ['a folder is no git tree', ['--kernel', 'tree:/'], 'FCT_TREE_NOT_GIT'],
    ['a git tree is no kernel', ['--kernel', `tree:${packageRoot}@HEAD`], 'FCT_TREE_NO_KERNEL'],
    ['there is no image', ['--kernel', 'image:/nonexistent/vmlinuz'], 'FCT_IMAGE_NOT_FOUND'],
    ['an image is no kernel', ['--kernel', `image:${packageRoot}/package.json`], 'FCT_IMAGE_NOT_A_KERNEL'],
    [
      'an image would have to be built',
      ['--kernel', 'image:/x', '--profile', 'kasan'],
      'FCT_KERNEL_NO_SOURCE',
    ],
    ['there is no patch', ['--patch', '/nonexistent.patch'], 'FCT_PATCH_NOT_FOUND'],
  ])('%s', async (_, args, expected) => {
    const { exitCode, code } = await run(...args)
    expect({ exitCode, code }).toEqual({ exitCode: 125, code: expected })
  })
})

describe('what cannot be meant is a usage error, exit 129:', () => {
  it.each([
    ['--profile', 'kasam'],
    ['--security-mirror', 'http://localhost/debian-security'],
    ['--mirror', 'localhost'],
    ['--kernel', 'tree:'],
    ['--kernel', 'debian:6.11'],
  ])('%s %s', async (...args) => {
    const { exitCode, stdout } = await execa(process.execPath, [cli, 'run', 'CLOSE01', ...args], {
      reject: false,
    })
    expect({ exitCode, stdout }).toEqual({ exitCode: 129, stdout: '' })
  })
})

describe('prepare', () => {
  it('refuses an archive that nobody has signed', async () => {
    const suites = ['bookworm', 'bookworm-updates']
    for (const suite of suites) {
      const dists = join(folder, 'archive', 'dists', suite)
      await mkdir(join(dists, 'main', 'binary-amd64'), { recursive: true })
      await writeFile(join(dists, 'main', 'binary-amd64', 'Packages'), '')
      await writeFile(join(dists, 'Release'), `Suite: ${suite}\nArchitectures: amd64\nComponents: main\n`)
    }
    const mirror = `file://${join(folder, 'archive')}`
    const env = { XDG_CACHE_HOME: join(folder, 'cache') }
    const { exitCode, stderr } = await execa(process.execPath, [cli, 'prepare', '--mirror', mirror], {
      reject: false,
      env,
    })
    expect(exitCode).toBe(128)
    expect(stderr).toMatch(/FCT_APT_FAILED: loading the package lists/)
    expect(stderr).toContain('is not signed')
    expect(await readdir(join(folder, 'cache', 'fctorture'))).not.toContain('resolved')
  })

  it('leaves no part of an entry, and no compiler, when the user stops a build', async () => {
    const patch = await writePatch(firstLine, `${firstLine} /* ${String(Date.now())} */`)
    const child = execa(process.execPath, [cli, 'prepare', '--patch', patch], {
      reject: false,
      env: { XDG_CACHE_HOME: home },
    })
    for await (const line of child.iterable({ from: 'stderr' }))
      if (/building: nfsd\.ko .* \.\.\.$/.test(line)) child.kill('SIGINT')
    const { exitCode, stderr } = await child
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 128,
      stderr: expect.stringContaining('FCT_INTERRUPTED') as string,
    })
    expect(await leftovers()).toEqual([])
    const { stdout } = await execa('ps', ['-eo', 'args'])
    expect(stdout).not.toContain(join(home, 'fctorture', 'nfsd-build'))
  })
})
