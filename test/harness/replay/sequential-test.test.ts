import { describe, expect, it } from 'vitest'
import { decide, type TestPlan } from '../../../harness/replay/sequential-test.js'
import { Random } from '../oracle/model/random.js'

const tests = 4000
/** Of a count of `tests` draws: four standard deviations above its mean. */
const most = (chance: number): number => tests * chance + 4 * Math.sqrt(tests * chance * (1 - chance))

/** One test on runs that fail with probability `rate`. */
function test(random: Random, rate: number, plan: TestPlan): { answer: string; runs: number } {
  const counts = { hits: 0, trials: 0 }
  for (;;) {
    const answer = decide(counts, plan)
    if (answer !== 'undecided') return { answer, runs: counts.trials }
    counts.trials++
    if (random.below(1_000_000) < rate * 1_000_000) counts.hits++
  }
}

describe.each([
  { wanted: 0.9, ratio: 2 },
  { wanted: 0.5, ratio: 2 },
  { wanted: 0.1, ratio: 1.5 },
  { wanted: 0.05, ratio: 3 },
])('a test of a rate of $wanted against a $ratio-th of it', ({ wanted, ratio }) => {
  const plan: TestPlan = { wanted, ratio, falseAlarm: 0.1, falseAccept: 0.05 }

  const countWrong = (rate: number, wrong: string): number => {
    const random = new Random(Math.round(rate * 1e6))
    return Array.from({ length: tests }, () => test(random, rate, plan)).filter(
      ({ answer }) => answer === wrong,
    ).length
  }

  it.each([1, 1.05])('takes %d times the rate for too low no more often than said', (factor) => {
    expect(countWrong(wanted * factor, 'too low')).toBeLessThanOrEqual(most(plan.falseAlarm))
  })

  it.each([1, 0.5])('takes %d times the low rate for high enough no more often than said', (factor) => {
    expect(countWrong((wanted / ratio) * factor, 'high enough')).toBeLessThanOrEqual(most(plan.falseAccept))
  })
})

it('decides by a few runs where every run fails, or none', () => {
  const plan: TestPlan = { wanted: 0.8, ratio: 2, falseAlarm: 0.1, falseAccept: 0.1 }
  expect(decide({ hits: 3, trials: 3 }, plan)).toBe('undecided')
  expect(decide({ hits: 4, trials: 4 }, plan)).toBe('high enough')
  expect(decide({ hits: 0, trials: 2 }, plan)).toBe('undecided')
  expect(decide({ hits: 0, trials: 3 }, plan)).toBe('too low')
})
