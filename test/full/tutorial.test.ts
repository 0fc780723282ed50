import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cacheFolder, packageRoot } from '../../harness/folders.js'
import { firstUnsaid, printedCommands } from '../console-blocks.js'

const commands = printedCommands(await readFile(join(packageRoot, 'TUTORIAL.md'), 'utf8'))
/** Of a user who has nothing but a clone, fctorture on the PATH, and what `npm run setup` has left in the cache. */
const home = await mkdtemp(join(tmpdir(), 'fct-tutorial-'))
const cwd = join(home, 'race')
const env = {
  HOME: home,
  PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`,
  XDG_CACHE_HOME: dirname(cacheFolder()),
  XDG_DATA_HOME: join(home, '.local', 'share'),
}

beforeAll(async () => {
  for (const folder of [cwd, join(home, 'bin')]) await mkdir(folder)
  await symlink(packageRoot, join(home, 'fctorture'))
  await symlink(join(packageRoot, 'harness', 'fctorture.mjs'), join(home, 'bin', 'fctorture'))
})

afterAll(() => rm(home, { recursive: true }))

it('is there', () => {
  expect(commands.length).toBeGreaterThan(0)
})

it.each(commands)('line $line: $command', async ({ command, output, exit }) => {
  const { all, exitCode } = await execa('bash', ['-c', command], { cwd, env, all: true, reject: false })
  const said = all.replaceAll(home, '~')
  expect({ exitCode, said }).toMatchObject({ exitCode: exit })
  expect({ missing: firstUnsaid(output, said === '' ? [] : said.split('\n')), said }).toMatchObject({
    missing: undefined,
  })
})
