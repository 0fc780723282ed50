import { expect, it } from 'vitest'
import { describePct, pctOverSeeds } from '../../../harness/replay/pct-bound.js'

const seed = { depth: 3, steps: 100, rounds: 40, cut: 4, passes: 3700, threads: 7, leftOut: 0 }

it('adds seeds up, and takes the most threads for the bound of Burckhardt et al.', () => {
  const over = pctOverSeeds([seed, { ...seed, threads: 8, rounds: 60, cut: 0, passes: 6000 }])
  expect(over).toMatchObject({ rounds: 100, cut: 4, passes: 9700, threads: 8, leftOut: 0 })
  // 1 / (8 * 100^2), and of 50 independent rounds
  expect(over?.bound?.round).toBeCloseTo(1 / 80_000, 12)
  expect(over?.bound?.seed).toBeCloseTo(1 - (1 - 1 / 80_000) ** 50, 12)
})

it('has depth 1 depend on the threads alone', () => {
  expect(pctOverSeeds([{ ...seed, depth: 1 }])?.bound?.round).toBeCloseTo(1 / 7, 12)
})

it('knows no bound if a thread had no priority, or none took part', () => {
  expect(pctOverSeeds([seed, { ...seed, leftOut: 1 }])?.bound).toBeNull()
  expect(pctOverSeeds([{ ...seed, threads: 0 }])?.bound).toBeNull()
  expect(pctOverSeeds([])).toBeUndefined()
})

it('puts the bound beside what was found', () => {
  const over = pctOverSeeds([{ ...seed, depth: 2, rounds: 400, cut: 10, passes: 39_000 }])
  if (over === undefined) throw new Error('no seeds')
  expect(describePct(over, { hits: 3, tried: 8 })).toBe(
    [
      'pct, depth 2: n = 7 threads, k = 100 passes of injection points; a bug of that depth shows with 1/(n k^1) = 1.4e-3 a round at the least, 43.6 % a seed',
      '400 rounds (10 ended by time) of 98 passes on average; found by 3 of 8 seeds, 37.5 %',
    ].join('\n'),
  )
})
