import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compileTargets, fuzz, listTargets } from '../addon/fuzz-targets.js'

const seconds = 600
const targets = await listTargets()
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-fuzz-full-'))
  await compileTargets(folder)
})

afterAll(() => rm(folder, { recursive: true }))

it.each(targets)('has a result or an error for any input of %s', async (target) => {
  const tried = await fuzz(folder, target, seconds / targets.length)
  console.log(`${target}: ${tried} inputs`)
  expect(tried).toBeGreaterThan(1000)
})
