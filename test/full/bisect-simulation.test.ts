import { expect, test } from 'vitest'
import {
  compare,
  leastRight,
  listCases,
  nameOf,
  type Comparison,
  type PlainFigures,
} from '../bench/bisect/compare.js'

const searches = 10_000
const confidence = 0.99
const cases = listCases(Math.ceil(searches / listCases(0, confidence).length), confidence)

function describe({ bound, ours, oursTold, git, syzkaller, gitUntold, gitPathsFirst }: Comparison): string {
  const plain = (way: string, figures: PlainFigures | undefined): string[] =>
    figures
      ? [`${way} x ${figures.repeats.toFixed(1)}: ${figures.runs.toFixed(0)} (${figures.right.toFixed(4)})`]
      : []
  const columns = [
    `bound ${bound.toFixed(0)}`,
    `ours ${ours.runs.toFixed(0)} runs, ${ours.builds.toFixed(0)} builds, right ${ours.right.toFixed(4)}`,
    `told the rate ${oursTold.runs.toFixed(0)} (${oursTold.right.toFixed(4)})`,
    ...plain('git', git),
    ...plain('syzkaller', syzkaller),
    ...plain('git not told', gitUntold),
    ...plain('git, fs/nfsd first', gitPathsFirst),
  ]
  return columns.join(' | ')
}

const compared = new Map<string, number>()

test.each(cases)('searches of $kind, rate $rate, are right as often as they say', (each) => {
  const comparison = compare(each)
  process.stdout.write(`${nameOf(each)}: ${describe(comparison)}\n`)
  compared.set(nameOf(each), comparison.ours.right)
  expect(comparison.ours.right).toBeGreaterThanOrEqual(leastRight(confidence, each.searches))
  expect(comparison.ours.runs).toBeLessThan(comparison.syzkaller.runs)
})

test('10,000 searches together are as well', () => {
  expect([...compared.keys()]).toEqual(cases.map(nameOf))
  const right = [...compared.values()].reduce((sum, share) => sum + share / compared.size, 0)
  expect(right).toBeGreaterThanOrEqual(confidence)
})
