import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runFctorture } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

it.each([
  ['extra_put', /./],
  ['free_held', /./],
  ['leak', /./],
  ['double_lru', /./],
  ['stuck_lru', /./],
])('finds what a module that is busted by %s does', async (variant, symptom) => {
  const { exitCode, result, stderr } = await runFctorture(runs, ['--busted', variant, '--time', '10'])
  expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({ verdict: 'FAIL' })
  expect(exitCode).toBe(1)
  console.log(variant, JSON.stringify(result.findings.map(({ signature, count }) => [signature, count])))
  expect(result.findings.map(({ signature }) => signature).join('\n')).toMatch(symptom)
})
