import { describe, expect, it } from 'vitest'
import { judgeSeries, type SeriesKind } from '../../../harness/campaign/judge-series.js'
import type { Counts } from '../../../harness/campaign/rate.js'
import { Random } from '../oracle/model/random.js'
import { drawNight, drawNights } from './draw.js'

/** "3/30 0/30": hits and runs, a night each. */
function nights(text: string): Counts[] {
  return text.split(' ').map((night) => {
    const [hits = 0, trials = 0] = night.split('/').map(Number)
    return { hits, trials }
  })
}

/** Kinds night by night, news with a `!`. */
function tell(row: readonly Counts[]): string[] {
  return row.map((_, night) => {
    const judged = judgeSeries(row.slice(0, night + 1))
    return judged === null ? '-' : judged.kind + (judged.isNews ? '!' : '')
  })
}

describe('a series', () => {
  it.each([
    ['never seen', '0/30 0/30', '- -'],
    ['seen in the first night', '1/30', 'new!'],
    ['seen first, then in some runs', '0/30 0/30 2/30 3/30 1/30', '- - new! flaky flaky'],
    ['seen in every run', '0/30 30/30 30/30', '- new! constant'],
    ['told as new once, and not as worse for the same', '0/300 0/300 20/30 19/30', '- - new! flaky'],
    ['not seen, in too few runs', '1/30 0/30', 'new! unseen'],
    ['not seen in no run at all', '1/30 0/0', 'new! unseen'],
    ['gone, told once, and back', '9/30 8/30 0/30 0/30 3/30', 'new! flaky gone! gone back!'],
    ['constant, gone in three runs', '30/30 0/1 0/1 0/1', 'new! unseen gone! gone'],
    [
      'worse, told once',
      '1/1000 2/1000 0/1000 1/1000 14/1000 12/1000',
      'new! flaky unseen flaky worse! flaky',
    ],
    ['better, told once', '15/30 14/30 1/30 0/30 1/30', 'new! flaky better! unseen flaky'],
  ])('%s', (_, row, kinds) => expect(tell(nights(row)).join(' ')).toBe(kinds))

  it('says from when on it is worse, and how much', () => {
    const judged = judgeSeries(nights('1/1000 2/1000 0/1000 1/1000 14/1000'))
    expect(judged).toMatchObject({
      kind: 'worse',
      before: { hits: 4, trials: 4000, rate: 0.001 },
      change: { since: 4, rate: { hits: 14, trials: 1000 } },
      firstSeen: 0,
      lastSeen: 4,
    })
  })

  it('finds a change that no single night shows, and dates it', () => {
    const row = nights(`${'0/100 '.repeat(25)}1/100 ${'0/100 '.repeat(24)}${'1/100 '.repeat(16)}`.trimEnd())
    const told = tell(row)
    expect(told.filter((kind) => kind === 'worse!')).toHaveLength(1)
    const at = told.indexOf('worse!')
    expect(at).toBeGreaterThan(51)
    expect(judgeSeries(row.slice(0, at + 1))?.change?.since).toBe(50)
  })

  it('says how many runs would exclude the former rate; so many do, one less does not', () => {
    const { absence } = judgeSeries(nights('0/100 3/100 0/20'))!
    expect(absence).toEqual({ runs: 20, needed: expect.any(Number) as number })
    const needed = absence!.needed
    const kindOf = (runs: number): SeriesKind | undefined =>
      judgeSeries(nights(`0/100 3/100 0/${String(runs)}`))?.kind
    expect(kindOf(needed)).toBe('gone')
    expect(kindOf(needed - 1)).toBe('unseen')
  })
})

describe('properties, of 300 series drawn by seed', () => {
  const drawn = Array.from({ length: 300 }, (_, seed) => {
    const random = new Random(seed + 1)
    return Array.from({ length: 1 + random.below(12) }, () =>
      random.chance(3)
        ? { hits: 0, trials: random.below(40) }
        : drawNight(random, random.below(40), (1 + random.below(98)) / 100),
    )
  })

  it('a hit is never called absent, a night without one never present', () => {
    for (const row of drawn) {
      const judged = judgeSeries(row)
      if (judged === null) expect(row.every(({ hits }) => hits === 0)).toBe(true)
      else expect(['unseen', 'gone'].includes(judged.kind)).toBe(row.at(-1)!.hits === 0)
    }
  })

  it('new is told once: the first night with a hit', () => {
    for (const row of drawn) {
      const first = row.findIndex(({ hits }) => hits > 0)
      const told = tell(row)
      expect(told.indexOf('new!')).toBe(first)
      expect(told.filter((kind) => kind === 'new!').length).toBe(first < 0 ? 0 : 1)
    }
  })

  it('gone and back alternate; later nights change no earlier judgement', () => {
    for (const row of drawn) {
      const turns = tell(row).filter((kind) => kind === 'gone!' || kind === 'back!')
      turns.forEach((kind, index) => expect(kind).toBe(index % 2 === 0 ? 'gone!' : 'back!'))
    }
  })

  it('nights without a run change nothing but to say so', () => {
    for (const row of drawn) {
      const judged = judgeSeries(row)
      const later = judgeSeries([...row, { hits: 0, trials: 0 }])
      if (judged === null) expect(later).toBeNull()
      else expect(later?.kind).toBe(judged.kind === 'gone' ? 'gone' : 'unseen')
    }
  })
})

interface Told {
  nights: number
  changes: number
  gone: number
}

/** What is told, wrongly, of rates that never change. */
function falseAlarms(trials: number, rate: number, series = 100, length = 40): Told {
  const told: Told = { nights: 0, changes: 0, gone: 0 }
  for (let seed = 0; seed < series; seed++) {
    const kinds = tell(drawNights(new Random(seed), length, trials, rate)).filter((kind) => kind !== '-')
    told.nights += kinds.length
    told.changes += kinds.filter((kind) => kind === 'worse!' || kind === 'better!').length
    told.gone += kinds.filter((kind) => kind === 'gone!').length
  }
  return told
}

/** Nights from a change on until it is told, sorted; those that take longer than `patience` are infinite. */
function delays(
  trials: number,
  [from, to]: readonly [number, number],
  before: number,
  patience = 40,
): number[] {
  return Array.from({ length: 100 }, (_, seed) => {
    const random = new Random(seed)
    const row = drawNights(random, before, trials, from)
    for (let delay = 1; delay <= patience; delay++) {
      row.push(drawNight(random, trials, to))
      const judged = judgeSeries(row)
      if (judged?.isNews && (to > from ? ['new', 'worse'] : ['better', 'gone']).includes(judged.kind))
        return delay
    }
    return Infinity
  }).sort((one, other) => one - other)
}

describe('by simulation', () => {
  it.each([
    [100, 0.001],
    [1000, 0.001],
    [30, 0.1],
    [10, 0.5],
    [3, 0.3],
  ])(
    'tells of %i runs a night at a steady rate of %f a change in fewer than 1 of 1,000 nights',
    (trials, rate) => {
      const told = falseAlarms(trials, rate)
      expect(told.nights).toBeGreaterThan(1000)
      expect(told.changes / told.nights).toBeLessThan(0.001)
      expect(told.gone / told.nights).toBeLessThan(0.002)
    },
  )

  it.each([
    [1000, [0.001, 0.01], 20, 2, 3],
    [300, [0.001, 0.01], 30, 4, 8],
    [100, [0.001, 0.01], 100, 9, 19],
    [30, [0.1, 0.3], 30, 3, 5],
    [30, [0.5, 0.1], 20, 1, 2],
  ] as const)(
    '%i runs a night, from %j after %i nights: half is told by night %i, nine in ten by %i',
    (...change) => {
      const [trials, rates, before, half, nine] = change
      const told = delays(trials, rates, before)
      expect(told[49]).toBeLessThanOrEqual(half)
      expect(told[89]).toBeLessThanOrEqual(nine)
    },
  )
})
