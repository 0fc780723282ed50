import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { firstThatPasses, runSeed, searchAndReplay, type Outcome } from '../same-seed.js'

const [depth, steps] = [2, 500]
const pct = ['--strategy', 'pct', '--depth', String(depth), '--steps', String(steps)]
// In 2 s a round in which a close meets an acquire comes up once or not at all with some seeds, in 8 s 14 times at least.
const seconds = 8
let runs = ''
let first: Outcome

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
  first = await firstThatPasses(runs, [1, 2, 3, 4, 5, 6], seconds, pct)
})

afterAll(() => rm(runs, { recursive: true }))

it('has rounds, in which stressors and nfsd pass points by their priorities', () => {
  const { result } = first.ended
  expect(result.pct).toMatchObject({ depth, steps, leftOut: 0 })
  const { rounds = 0, cut = 0, passes = 0, threads = 0 } = result.pct ?? {}
  expect(rounds - cut).toBeGreaterThan(0)
  expect(passes).toBeGreaterThanOrEqual((rounds - cut) * steps)
  // Two that close, two synthetic, one each that shrinks and collects, and one of nfsd at least.
  expect(threads).toBeGreaterThanOrEqual(7)
  expect(result.exposure['close*synthetic']).toBeGreaterThan(0)
})

it('does the same again, byte for byte, and something else with another seed', async () => {
  const { seed } = first.ended.result
  expect((await runSeed(runs, seed, seconds, 'debian:6.1', pct)).hashes).toBe(first.hashes)
  expect((await runSeed(runs, seed + 1, seconds, 'debian:6.1', pct)).hashes).not.toBe(first.hashes)
})

it('is another run than that of strategy random', async () => {
  expect((await runSeed(runs, first.ended.result.seed, seconds)).hashes).not.toBe(first.hashes)
})

it('is searched with its bound, and found by a replay', async () => {
  const { document, signature, replayed } = await searchAndReplay(runs, pct)
  const { strategy, pct: over } = document as SearchDocument
  expect(strategy).toBe('pct')
  expect(over.bound.round).toBeCloseTo(1 / (over.threads * steps ** (depth - 1)), 12)
  expect(replayed).toMatchObject({
    identical: { console: true, stream: true },
    findings: { now: expect.arrayContaining([signature]) as string[] },
  })
})

interface SearchDocument {
  readonly strategy: string
  readonly pct: { readonly threads: number; readonly bound: { readonly round: number } }
}
