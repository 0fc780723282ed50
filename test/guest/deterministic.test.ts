import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { askFctorture, firstThatPasses, runSeed, searchAndReplay, type Outcome } from '../same-seed.js'

let runs = ''
let first: Outcome

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
  // Which of them meet the bug that 6.1 has changes with whatever is in the guest.
  first = await firstThatPasses(runs, [1, 2, 3, 4, 5, 6], 2)
})

afterAll(() => rm(runs, { recursive: true }))

it('runs on one CPU, preempted anywhere, and is judged like any other', () => {
  const { result, record } = first.ended
  expect(result.findings).toEqual([])
  expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
  expect(result.exposure['close*synthetic']).toBeGreaterThan(0)
  expect(record).toMatchObject({ deterministic: true, preemption: 'full', target: { cpus: 1 } })
})

it('does something else with another seed', async () => {
  const other = await runSeed(runs, first.ended.result.seed + 1, 2)
  expect(other.hashes).not.toBe(first.hashes)
})

it('is replayed, and both console and stream are what they were', async () => {
  const { exitCode, document } = await askFctorture([
    'replay',
    first.ended.result.run,
    '--runs',
    runs,
    '--json',
  ])
  expect(document).toMatchObject({ identical: { console: true, stream: true } })
  expect(exitCode).toBe(0)
})

it('is not replayed from something else', async () => {
  const path = join(first.ended.result.run, 'run.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"QEMU": "', '"QEMU": "another '))
  const { exitCode, stderr } = await askFctorture(['replay', first.ended.result.run, '--runs', runs])
  await writeFile(path, text)
  expect(stderr).toMatch(/FCT_REPLAY_INPUTS.*QEMU is not what it was/)
  expect(exitCode).toBe(128)
})

it('tries seeds until one finds what a busted module does, which a replay finds as well', async () => {
  const { signature, replayed } = await searchAndReplay(runs)
  expect(replayed).toMatchObject({
    identical: { console: true, stream: true },
    findings: { now: expect.arrayContaining([signature]) as string[] },
  })
})
