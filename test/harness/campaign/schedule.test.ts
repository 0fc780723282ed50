import { describe, expect, test } from 'vitest'
import { foresee, nextCell, patience, type ScheduleCell } from '../../../harness/campaign/schedule.js'

function cellOf(key: string, change: Partial<ScheduleCell> = {}): ScheduleCell {
  return {
    ...{
      key,
      weight: 1,
      seeds: null,
      estimateSeconds: 60,
      findingsPerMinute: 0,
      nightsWaited: 0,
      started: 0,
    },
    ...change,
  }
}

function countOf(cells: readonly ScheduleCell[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { key } of cells) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

/** mulberry32 */
function drawFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('nothing is next when all seeds are out, or none fits', () => {
  expect(nextCell([cellOf('a', { seeds: 2, started: 2 })], null)).toBeUndefined()
  expect(nextCell([cellOf('a', { started: 1 })], 59)).toBeUndefined()
  expect(nextCell<ScheduleCell>([], null)).toBeUndefined()
})

test('the first run of a night takes place whatever it costs', () => {
  expect(nextCell([cellOf('a', { estimateSeconds: 1000 })], 10)?.key).toBe('a')
})

test('what found most per minute comes first and more often, what found nothing is run too', () => {
  const order = foresee([cellOf('a'), cellOf('b', { findingsPerMinute: 0.5 })], 10 * 60)
  expect(order[0]?.key).toBe('b')
  expect(countOf(order)).toEqual({ a: 2, b: 8 })
})

test('a budget is split by weight', () => {
  const order = foresee([cellOf('a', { weight: 3 }), cellOf('b'), cellOf('c', { weight: 0.5 })], 90 * 60)
  expect(countOf(order)).toEqual({ a: 60, b: 20, c: 10 })
})

test('it is the time that is split, not the number of runs', () => {
  const order = foresee(
    [cellOf('a', { estimateSeconds: 30 }), cellOf('b', { estimateSeconds: 120 })],
    60 * 60,
  )
  expect(countOf(order)).toEqual({ a: 60, b: 15 })
})

test('without a budget all seeds are run', () => {
  const order = foresee([cellOf('a', { seeds: 3 }), cellOf('b', { seeds: 5, findingsPerMinute: 9 })], null)
  expect(countOf(order)).toEqual({ a: 3, b: 5 })
  expect(foresee([cellOf('a')], null)).toEqual([])
})

describe.each(Array.from({ length: 60 }, (_, seed) => seed))('any plan, drawn from %i', (seed) => {
  const draw = drawFrom(seed)
  const between = (low: number, high: number): number => low + draw() * (high - low)
  const cells = Array.from({ length: 1 + Math.floor(between(0, 12)) }, (_, index) =>
    cellOf(`cell ${String(index)}`, {
      weight: between(0.2, 5),
      estimateSeconds: between(5, 300),
      findingsPerMinute: draw() < 0.5 ? 0 : between(0, 20),
    }),
  )

  test('no cell of a night has less than a quarter of the share of its weight, save one run', () => {
    const budget = between(1, 20) * 3600
    const counts = countOf(foresee(cells, budget))
    const weights = cells.reduce((sum, { weight }) => sum + weight, 0)
    for (const { key, weight, estimateSeconds } of cells) {
      const share = (budget * weight) / weights
      expect(((counts[key] ?? 0) + 2) * estimateSeconds).toBeGreaterThanOrEqual(share / 4)
    }
  })

  test('no cell waits for more nights than the rule says, however small the budget', () => {
    const waited = new Map(cells.map(({ key }) => [key, Infinity]))
    const lastRun = new Map(cells.map(({ key }) => [key, -1]))
    const budget = between(1, 400)
    for (let night = 0; night < 100; night++) {
      const state = cells.map((cell) => ({ ...cell, nightsWaited: waited.get(cell.key)! }))
      const ran = new Set(foresee(state, budget).map(({ key }) => key))
      expect(ran.size).toBeGreaterThan(0)
      for (const { key } of cells) {
        if (ran.has(key)) lastRun.set(key, night)
        waited.set(key, ran.has(key) ? 0 : waited.get(key)! + 1)
        expect(night - lastRun.get(key)!).toBeLessThanOrEqual(patience + cells.length)
      }
    }
  })

  test('a night keeps to its budget', () => {
    const budget = between(300, 4000)
    const total = foresee(cells, budget).reduce((sum, { estimateSeconds }) => sum + estimateSeconds, 0)
    expect(total).toBeLessThanOrEqual(budget)
  })
})
