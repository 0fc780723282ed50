import { expect, test } from 'vitest'
import { compare, leastRight, listCases, type Comparison } from '../bench/bisect/compare.js'

const searches = 10_000
const confidence = 0.99
const cases = listCases(Math.ceil(searches / listCases(0, confidence).length), confidence)

function describe({ ours, git, syzkaller, gitUntold }: Comparison): string {
  const columns = [
    `ours ${ours.runs.toFixed(0)} runs, ${ours.builds.toFixed(0)} builds, right ${ours.right.toFixed(4)}`,
    `git x ${git.repeats}: ${git.runs.toFixed(0)} (${git.right.toFixed(4)})`,
    `syzkaller x ${syzkaller.repeats}: ${syzkaller.runs.toFixed(0)} (${syzkaller.right.toFixed(4)})`,
    `git not told x ${gitUntold.repeats}: ${gitUntold.runs.toFixed(0)} (${gitUntold.right.toFixed(4)})`,
  ]
  return columns.join(' | ')
}

test('10,000 searches are right as often as they say', () => {
  let right = 0
  let all = 0
  for (const each of cases) {
    const comparison = compare(each)
    process.stdout.write(`${each.kind}, rate ${each.rate}: ${describe(comparison)}\n`)
    expect(comparison.ours.right).toBeGreaterThanOrEqual(leastRight(confidence, each.searches))
    expect(comparison.ours.runs).toBeLessThan(comparison.syzkaller.runs)
    right += comparison.ours.right * each.searches
    all += each.searches
  }
  expect(right / all).toBeGreaterThanOrEqual(confidence)
})
