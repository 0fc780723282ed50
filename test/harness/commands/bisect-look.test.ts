import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logPathIn, openBisectLog } from '../../../harness/bisect/bisect-log.js'
import type { BisectDocument } from '../../../harness/bisect/result.js'
import { packageRoot } from '../../../harness/folders.js'
import { failsBy, openFakeBisect, startOf } from '../bisect/fake-bisect.js'
import { createGitTree, type GitTree } from '../bisect/git-tree.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
const culprit = 3
let tree: GitTree
let ids: readonly string[] = []
let ended = ''
let going = ''

beforeAll(async () => {
  tree = await createGitTree()
  for (let index = 0; index < 6; index++)
    await tree.commit({ 'fs/nfsd/vfs.c': `int v${index};\n` }, `nfsd: change ${index}`)
  const start = await startOf(tree.path, 'v1', 'HEAD')
  ids = start.range.candidates.map(({ id }) => id)
  const states = join(tree.folder, 'data', 'fctorture', 'bisects')
  const search = async (name: string, most = Infinity): Promise<string> => {
    const state = join(states, name)
    let runs = 0
    const bisect = await openFakeBisect(start, state, ({ candidate }, seed) => {
      if (++runs > most) throw new Error('killed')
      return { isHit: candidate >= culprit && failsBy(seed, 0.5) }
    })
    await bisect.search().catch(() => undefined)
    await bisect.close()
    return state
  }
  ended = await search('ended')
  going = await search('going', 3)
  await utimes(logPathIn(going), 1e9, 1e9)
})

afterAll(() => rm(tree.folder, { recursive: true }))

function bisect(...args: string[]) {
  const env = { XDG_DATA_HOME: join(tree.folder, 'data') }
  return execa(process.execPath, [cli, 'bisect', ...args], { reject: false, env })
}

describe('fctorture bisect status', () => {
  it('draws the search that was at work last', async () => {
    const { exitCode, stdout } = await bisect('status')
    expect(exitCode).toBe(0)
    const rows = stdout.split('\n')
    expect(rows[0]).toMatch(/^good end +first$/)
    expect(rows.filter((row) => row.includes('█'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${ids[culprit]?.slice(0, 12) ?? ''} +█{23}\\S? +(1\\.000|0\\.99\\d) +\\d+ of \\d+ fail +nfsd: change 3$`,
        ),
      ),
    ])
    expect(stdout).toContain(`commit ${ids[culprit]?.slice(0, 12) ?? ''} ("nfsd: change 3") `)
    expect(stdout).toContain(`state: ${ended} `)
  })

  it('says of one that is not at its end that it is not, and that is no failure', async () => {
    const { exitCode, stdout } = await bisect('status', going)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('FCT_BISECT_UNFINISHED')
    expect(stdout).toContain(`state: ${going}`)
  })
})

it('fctorture bisect --replay comes to the same from the log alone, each time', async () => {
  const log = join(tree.folder, 'copied.jsonl')
  await writeFile(log, await readFile(logPathIn(ended)))
  const first = await bisect('--replay', log, '--json')
  expect(first.exitCode).toBe(0)
  expect(JSON.parse(first.stdout)).toMatchObject({
    outcome: 'found',
    culprit: { id: ids[culprit] },
    verification: null,
  } satisfies Partial<Record<keyof BisectDocument, unknown>>)
  expect((await bisect('--replay', log, '--json')).stdout).toBe(first.stdout)
  expect((await bisect('--replay', logPathIn(going))).exitCode).toBe(125)
})

describe('fctorture bisect log', () => {
  it('is what git replays to the same commit', async () => {
    const log = join(tree.folder, 'git-bisect.log')
    await writeFile(log, (await bisect('log')).stdout)
    await tree.git('bisect', 'replay', log)
    const said = await tree.git('bisect', 'log')
    await tree.git('bisect', 'reset')
    expect(said).toContain(`# first bad commit: [${ids[culprit] ?? ''}]`)
  })

  it('has nothing for git of a series', async () => {
    const start = JSON.parse((await readFile(logPathIn(going), 'utf8')).split('\n', 1)[0] ?? '') as object
    const source = { kind: 'series', series: '/series', base: 'debian:6.1' }
    const state = join(tree.folder, 'series-state')
    await mkdir(state)
    await writeFile(logPathIn(state), `${JSON.stringify({ ...start, source })}\n`)
    const { exitCode, stdout, stderr } = await bisect('log', state)
    expect({ exitCode, stdout }).toEqual({ exitCode: 129, stdout: '' })
    expect(stderr).toContain('FCT_BISECT_NOT_GIT')
  })
})

describe('the folder of a search', () => {
  const search = (state: string) =>
    bisect(
      ...['--tree', tree.path, '--good', 'v1', '--state', state],
      ...['--scenario', 'CLOSE01', '--signature', 'free-at-zero'],
    )

  it('is one process at a time, and another one leaves it as it is', async () => {
    const state = join(tree.folder, 'busy')
    const log = await openBisectLog(state)
    const { exitCode, stdout, stderr } = await search(state)
    await log.close()
    expect({ exitCode, stdout }).toEqual({ exitCode: 128, stdout: '' })
    expect(stderr).toContain(`FCT_BISECT_BUSY: another bisect is at work in ${state}`)
    expect(await readFile(logPathIn(state), 'utf8')).toBe('')
  })

  it('that cannot be locked is not said to be at work', async () => {
    const state = join(tree.folder, 'unlockable')
    await writeFile(`${state}.lock`, '')
    await utimes(`${state}.lock`, 1e9, 1e9)
    const { exitCode, stderr } = await search(state)
    expect(exitCode).toBe(128)
    expect(stderr).toMatch(/FCT_STORE_FAILED: .*unlockable\.lock cannot be written: ENOTDIR/)
  })
})
