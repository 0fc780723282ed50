import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { compileTargets, fuzz, listTargets } from './fuzz-targets.js'

const secondsATarget = 10
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-fuzz-test-'))
  await compileTargets(folder)
}, 10 * 60_000)

afterAll(() => rm(folder, { recursive: true }))

it.each(await listTargets())('has a result or an error for any input of %s', async (target) => {
  const kept = await readdir(join(packageRoot, 'test', 'fixtures', 'fuzz', target))
  const tried = await fuzz(folder, target, secondsATarget)
  console.log(`${target}: ${tried} inputs in ${secondsATarget} s`)
  expect(tried).toBeGreaterThan(kept.length)
})
