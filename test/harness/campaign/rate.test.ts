import { describe, expect, it } from 'vitest'
import { chanceOfNone, rateOf, runsToExclude } from '../../../harness/campaign/rate.js'

/** P(at most `hits` of `trials`), summed term by term: by another way than the code under test. */
function atMost(hits: number, trials: number, rate: number): number {
  let log = trials * Math.log1p(-rate)
  let sum = Math.exp(log)
  for (let count = 1; count <= hits; count++) {
    log += Math.log((trials - count + 1) / count) + Math.log(rate) - Math.log1p(-rate)
    sum += Math.exp(log)
  }
  return sum
}

describe('the interval', () => {
  it.each([
    [1, 30],
    [29, 30],
    [1, 1000],
    [10, 1000],
    [500, 1000],
    [3, 100_000],
    [50_000, 100_000],
    [7, 1_000_000],
  ])('of %i in %i leaves 2.5 %% to each side', (hits, trials) => {
    const { low, high, rate } = rateOf({ hits, trials })
    expect(rate).toBe(hits / trials)
    expect(atMost(hits, trials, high)).toBeCloseTo(0.025, 6)
    expect(1 - atMost(hits - 1, trials, low)).toBeCloseTo(0.025, 6)
  })

  it('is closed where nothing, or all, was hit, and the whole without a run', () => {
    const none = rateOf({ hits: 0, trials: 100 })
    expect(none.low).toBe(0)
    expect(none.high).toBeCloseTo(1 - 0.025 ** (1 / 100), 9)
    const all = rateOf({ hits: 100, trials: 100 })
    expect(all.low).toBeCloseTo(0.025 ** (1 / 100), 9)
    expect(all.high).toBe(1)
    expect(rateOf({ hits: 0, trials: 0 })).toMatchObject({ rate: null, low: 0, high: 1 })
  })

  it('holds the true rate in at least 95 % of all outcomes, whatever that is', () => {
    const trials = 40
    const intervals = Array.from({ length: trials + 1 }, (_, hits) => rateOf({ hits, trials }))
    for (let rate = 0.005; rate < 1; rate += 0.005) {
      let held = 0
      for (const { hits, low, high } of intervals) {
        if (low <= rate && rate <= high)
          held += atMost(hits, trials, rate) - (hits > 0 ? atMost(hits - 1, trials, rate) : 0)
      }
      expect(held).toBeGreaterThanOrEqual(0.95)
    }
  })
})

describe('how many misses exclude a rate', () => {
  it('is the integral over what the rate may be', () => {
    // Beta(1/2 + 2, 1/2 + 8), by steps.
    const steps = 200_000
    let mass = 0
    let missed = 0
    for (let step = 0; step < steps; step++) {
      const rate = (step + 0.5) / steps
      const weight = rate ** 1.5 * (1 - rate) ** 7.5
      mass += weight
      missed += weight * (1 - rate) ** 12
    }
    expect(chanceOfNone({ hits: 2, trials: 10 }, 12)).toBeCloseTo(missed / mass, 8)
  })

  it.each([
    [30, 30],
    [3, 30],
    [1, 1000],
    [40, 10_000],
  ])('%i in %i: so many, and not one less', (hits, trials) => {
    const needed = runsToExclude({ hits, trials }, 0.01)
    expect(chanceOfNone({ hits, trials }, needed)).toBeLessThanOrEqual(0.01)
    expect(chanceOfNone({ hits, trials }, needed - 1)).toBeGreaterThan(0.01)
  })
})
