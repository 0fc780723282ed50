/** Two that start at once where no guest stands ready: one boots it, and both run. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { borrowCache } from '../borrowed-cache.js'

let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fct-test-together-'))
  await borrowCache(home)
})

afterAll(async () => {
  await rm(home, { recursive: true })
})

async function run(seed: number): Promise<{ result: ResultDocument; said: string }> {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = ['run', 'CLOSE01', '--time', '10', '--seed', String(seed), '--json']
  const { stdout, stderr } = await execa(process.execPath, [cli, ...args, '--runs', join(home, 'runs')], {
    reject: false,
    env: { XDG_CACHE_HOME: home },
  })
  return { result: JSON.parse(stdout) as ResultDocument, said: stderr }
}

it('makes each guest once, and lets both go on from it', async () => {
  const both = await Promise.all([run(1), run(1)])
  expect(both.map(({ result }) => result.verdict)).toEqual(['PASS', 'PASS'])
  expect(new Set(both.map(({ result }) => result.run)).size).toBe(2)
  const booted = both.filter(({ said }) => said.includes('booting'))
  expect(booted).toHaveLength(1)
  // Booted, and ready to be tortured.
  const entries = await readdir(join(home, 'fctorture', 'guest'))
  expect(entries.filter((name) => /^[0-9a-f]{16}$/.test(name))).toHaveLength(2)
})
