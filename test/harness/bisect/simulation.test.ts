import { expect, test } from 'vitest'
import { compare, leastRight, type HistoryKind } from '../../bench/bisect/compare.js'

const kinds: readonly HistoryKind[] = ['linear', 'merges, paths']

test.each(kinds)(
  'the search is right as often as it says, infrastructure that fails included: %s',
  (kind) => {
    for (const rate of [0.3, 1]) {
      const searches = 150
      const world = { size: 200, rate, errorRate: 0.05, unbuildable: 0.02 }
      const { ours, syzkaller } = compare({ ...world, kind, searches, confidence: 0.9, seed: 3 })
      expect(ours.right).toBeGreaterThanOrEqual(leastRight(0.9, searches))
      expect(ours.runs).toBeLessThan(syzkaller.runs)
    }
  },
)
