import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cacheFolder } from '../../harness/folders.js'
import { knownFindings, runSeed } from '../same-seed.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

/** While this host has more to do than it can. */
async function onBusyHost<T>(work: () => Promise<T>): Promise<T> {
  const spin = ['-e', 'for (;;);']
  const spinners = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, spin))
  try {
    return await work()
  } finally {
    for (const spinner of spinners) spinner.kill('SIGKILL')
  }
}

it('does the same five times, twice of them on a busy host', async () => {
  const hashes = new Set<string>()
  for (let round = 0; round < 3; round++) hashes.add((await runSeed(runs, 7, 4)).hashes)
  for (let round = 0; round < 2; round++) hashes.add((await onBusyHost(() => runSeed(runs, 7, 4))).hashes)
  expect(hashes.size).toBe(1)
})

/** Folders of saved guests that do the same each time. */
async function savedGuests(): Promise<string[]> {
  const cache = join(cacheFolder(), 'guest')
  const found: string[] = []
  for (const name of await readdir(cache)) {
    const entry = await readFile(join(cache, name, 'entry.json'), 'utf8').catch(() => '')
    if (entry.includes('deterministic guest')) found.push(join(cache, name))
  }
  return found
}

it('does the same from a guest that was saved anew', async () => {
  const { hashes } = await runSeed(runs, 7, 4)
  const away = await mkdtemp(join(cacheFolder(), 'away-'))
  const saved = await savedGuests()
  for (const [index, folder] of saved.entries()) await rename(folder, join(away, String(index)))
  await rm(away, { recursive: true })
  expect((await runSeed(runs, 7, 4)).hashes).toBe(hashes)
})

/** Dynamic preemption came with 5.12: on 5.10 a task in the kernel goes on until it offers the CPU. */
it.each([
  ['debian:5.10.218', 'voluntary'],
  ['debian:5.10', 'voluntary'],
  ['debian:6.1', 'full'],
  ['debian:6.12', 'full'],
  ['debian:7.3', 'full'],
])('does the same twice on %s, whose preemption is %s', async (kernel, preemption) => {
  const [one, two] = [await runSeed(runs, 3, 3, kernel), await runSeed(runs, 3, 3, kernel)]
  expect(two.hashes).toBe(one.hashes)
  expect(one.ended.record).toMatchObject({ preemption })
  const { findings, events } = one.ended.result
  expect(findings.filter(({ signature }) => !knownFindings.includes(signature))).toEqual([])
  // Who died could not say how many there had been.
  if (findings.length === 0) expect(events).toMatchObject({ lost: 0, unexplained: 0 })
})
