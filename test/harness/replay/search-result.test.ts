import { expect, it } from 'vitest'
import { summarizeSearch, type SeedOutcome } from '../../../harness/replay/search-result.js'

const finding = (signature: string): SeedOutcome['findings'][number] => {
  return { rule: 'free-at-zero', signature, count: 1, firstGuestSecond: 1, evidence: '' }
}

function outcome(seed: number, verdict: SeedOutcome['verdict'], ...signatures: string[]): SeedOutcome {
  return { seed, verdict, findings: signatures.map(finding), reasons: [], run: `run-${String(seed)}` }
}

it('puts findings of one signature together, the most frequent first, with the first run of each', () => {
  const outcomes = [outcome(1, 'FAIL', 'b'), outcome(2, 'PASS'), outcome(3, 'FAIL', 'a', 'b')]
  expect(summarizeSearch(outcomes, 0.5)).toEqual({
    tried: 3,
    perMinute: 6,
    verdicts: { PASS: 1, FAIL: 2, INCONCLUSIVE: 0, ERROR: 0 },
    findings: [
      { signature: 'b', rule: 'free-at-zero', seeds: [1, 3], run: 'run-1' },
      { signature: 'a', rule: 'free-at-zero', seeds: [3], run: 'run-3' },
    ],
    exit: 1,
  })
})

it('passes only if every seed did', () => {
  expect(summarizeSearch([outcome(1, 'PASS'), outcome(2, 'PASS')], 1).exit).toBe(0)
  expect(summarizeSearch([outcome(1, 'PASS'), outcome(2, 'INCONCLUSIVE')], 1).exit).toBe(125)
  expect(summarizeSearch([outcome(1, 'ERROR')], 1).exit).toBe(125)
})

it('has strategy pct of those seeds that told of it', () => {
  const pct = { depth: 2, steps: 100, rounds: 10, cut: 0, passes: 1000, threads: 5, leftOut: 0 }
  const { pct: over } = summarizeSearch([{ ...outcome(1, 'PASS'), pct }, outcome(2, 'ERROR')], 1)
  expect(over).toMatchObject({ rounds: 10, bound: { round: 1 / 500 } })
})
