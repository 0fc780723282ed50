import { describe, expect, test } from 'vitest'
import { goodEnd, type Candidate, type History } from '../../../harness/bisect/history.js'
import {
  createSearch,
  type Observation,
  type RunStep,
  type Search,
  type Step,
} from '../../../harness/bisect/search.js'
import { highestRate, priorOf, ratePoints } from '../../../harness/bisect/rates.js'
import { createRandom, linearHistory } from '../../bench/bisect/histories.js'
import { enumeratePosterior } from './brute-force.js'

const costs = { buildSeconds: () => 5, runSeconds: 30 }

function chain(keys: string, weights: readonly number[] = []): History {
  return {
    candidates: Array.from(keys, (evidence, index) => ({
      id: `c${index}`,
      parents: index > 0 ? [index - 1] : [],
      weight: weights[index] ?? 1,
      evidence,
    })),
  }
}

/** A DAG with merges, weights, and trees that come again; its last commit joins all tips. */
function randomHistory(random: () => number): History {
  const size = 3 + Math.floor(random() * 8)
  const tips = new Set<number>()
  const candidates: Candidate[] = []
  for (let index = 0; index < size; index++) {
    const parents = new Set(
      Array.from({ length: Math.floor(random() * 3) }, () => Math.floor(random() * index)),
    )
    if (index === size - 1) tips.forEach((tip) => parents.add(tip))
    const own = [...parents].filter((parent) => parent < index)
    own.forEach((parent) => tips.delete(parent))
    tips.add(index)
    const again = index > 0 && index < size - 1 && random() < 0.25 ? Math.floor(random() * index) : index
    candidates.push({ id: `c${index}`, parents: own, weight: 0.2 + random() * 5, evidence: `t${again}` })
  }
  return { candidates, goodEvidence: random() < 0.2 ? ['t1'] : [] }
}

function observe(search: Search, candidate: number, outcomes: string): void {
  for (const letter of outcomes) search.observe({ candidate, outcome: letter === '!' ? 'hit' : 'miss' })
}

/** Runs a search to its end. */
function settle(search: Search, outcomeOf: (candidate: number) => Observation['outcome']): Step {
  for (let steps = 0; steps < 10_000; steps++) {
    const step = search.next(costs)
    if (step.kind === 'done') return step
    for (let run = 0; run < step.runs; run++) {
      const outcome = outcomeOf(step.candidate)
      search.observe({ candidate: step.candidate, outcome })
      if (outcome !== 'miss') break
    }
  }
  throw new Error('the search does not end')
}

describe('the posterior', () => {
  test('is that of brute force, on 200 DAGs with merges and trees that come again', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = createRandom(seed)
      const history = randomHistory(random)
      const last = history.candidates.length - 1
      const seen: Observation[] = [{ candidate: last, outcome: 'hit' }]
      const search = createSearch(history, { confidence: 0.99 })
      const likeliest = Math.floor(random() * (last + 1))
      for (let run = 0; run < 25; run++) {
        const candidate = Math.floor(random() * (last + 2)) - 1
        // The good end never hits, so that something is left to explain it all.
        const outcome = candidate >= likeliest && random() < 0.3 ? 'hit' : 'miss'
        seen.push({ candidate, outcome })
      }
      seen.forEach((observation) => search.observe(observation))
      const expected = enumeratePosterior(history, 0.01, seen)
      const posterior = search.posterior()
      expected.forEach((value, index) => expect(posterior[index]).toBeCloseTo(value, 9))
      expect(search.goodEndFails() + posterior.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
    }
  })

  test('is the prior as long as nothing was run', () => {
    const search = createSearch(chain('abcd', [1, 2, 3, 4]), { confidence: 0.99, goodEndPrior: 0.1 })
    expect([...search.posterior()].map((value) => value.toFixed(2))).toEqual(['0.09', '0.18', '0.27', '0.36'])
  })

  test('is 0 for a commit that builds what its parent built, and for what a revert mended', () => {
    const posterior = createSearch(chain('aabac'), { confidence: 0.99 }).posterior()
    expect(posterior[1]).toBe(0)
    expect(posterior[2]).toBe(0)
    expect(posterior[3]).toBe(0)
    expect(posterior[4]).toBeGreaterThan(0.4)
  })

  test('blames a patch that was reverted and applied again where it came first', () => {
    const search = createSearch(chain('abab'), { confidence: 0.99 })
    expect([...search.posterior()].map((value) => value > 0)).toEqual([true, true, false, false])
  })

  test('shares runs between commits of one tree', () => {
    const search = createSearch(chain('abbc'), { confidence: 0.99 })
    observe(search, 2, '!')
    expect(search.tally(1)).toMatchObject({ hits: 1, misses: 0 })
    expect(search.posterior()[3]).toBe(0)
  })

  test('a hit leaves only ancestors, of a merge those of both sides', () => {
    const candidates = [[], [0], [0], [1, 2], [3]].map((parents, index) => ({
      id: `c${index}`,
      parents,
      weight: 1,
      evidence: `t${index}`,
    }))
    const search = createSearch({ candidates }, { confidence: 0.99 })
    observe(search, 3, '!')
    expect([...search.posterior()].map((value) => value > 0)).toEqual([true, true, true, true, false])
    observe(search, 1, '!')
    expect([...search.posterior()].map((value) => value > 0)).toEqual([true, true, false, false, false])
  })

  test('misses weigh by what is known of the rate', () => {
    const often = createSearch(chain('ab'), { confidence: 0.99 })
    observe(often, 1, '!!!!!!')
    observe(often, 0, '..')
    const seldom = createSearch(chain('ab'), { confidence: 0.99 })
    observe(seldom, 1, '..........!.........!')
    observe(seldom, 0, '..')
    expect(often.posterior()[1]).toBeGreaterThan(0.95)
    expect(seldom.posterior()[1]).toBeLessThan(0.7)
    expect(seldom.rate().low).toBeLessThan(0.1)
    expect(seldom.rate().high).toBeGreaterThan(0.1)
  })
})

describe('the search', () => {
  test('says that the bad end never fails, after the runs allowed', () => {
    const search = createSearch(linearHistory(10), { confidence: 0.99, badEndRuns: 59 })
    expect(search.next(costs)).toEqual({ kind: 'run', candidate: 9, runs: 59 })
    expect(settle(search, () => 'miss')).toEqual({ kind: 'done', reason: 'bad-end-never-fails' })
    expect(search.tally(9).misses).toBe(59)
  })

  test('says that the good end fails', () => {
    const search = createSearch(linearHistory(10), { confidence: 0.99 })
    expect(settle(search, () => 'hit')).toEqual({ kind: 'done', reason: 'good-end-fails' })
    expect(search.tally(goodEnd).hits).toBeGreaterThan(0)
  })

  test('says that the bad end cannot be used', () => {
    for (const outcome of ['unbuildable', 'nothing'] as const) {
      const search = createSearch(linearHistory(10), { confidence: 0.99 })
      expect(settle(search, () => outcome)).toEqual({ kind: 'done', reason: 'bad-end-unusable' })
    }
  })

  test('finds the culprit of a failure that always comes in a few steps', () => {
    const search = createSearch(linearHistory(1000), { confidence: 0.99 })
    expect(settle(search, (candidate) => (candidate >= 637 ? 'hit' : 'miss'))).toEqual({
      kind: 'done',
      reason: 'confident',
    })
    expect(search.suspects().map(({ candidate }) => candidate)).toEqual([637])
  })

  test('names the commits that what cannot be built leaves together', () => {
    const search = createSearch(linearHistory(100), { confidence: 0.99 })
    const step = settle(search, (candidate) =>
      candidate === 40 || candidate === 41 ? 'unbuildable' : candidate > 41 ? 'hit' : 'miss',
    )
    expect(step).toEqual({ kind: 'done', reason: 'nothing-left' })
    expect(
      search
        .suspects()
        .map(({ candidate }) => candidate)
        .sort(),
    ).toEqual([40, 41, 42])
  })

  test('comes to an end where the likeliest commit is good and the failure is rare', () => {
    // As a merge that broke what its second parent, a change of the file cache, left whole.
    const search = createSearch(chain('abc', [1, 60, 1]), { confidence: 0.99 })
    observe(search, 2, '...................!'.repeat(4))
    let runs = 0
    expect(settle(search, (candidate) => (++runs % 20 === 0 && candidate === 2 ? 'hit' : 'miss'))).toEqual({
      kind: 'done',
      reason: 'confident',
    })
    expect(search.suspects().map(({ candidate }) => candidate)).toEqual([2])
    expect(search.tally(1).misses).toBeLessThan(60 / 0.05)
  })

  test('goes on as it would have, with the observations replayed', () => {
    const random = createRandom(5)
    const history = linearHistory(200)
    const search = createSearch(history, { confidence: 0.99 })
    const seen: Observation[] = []
    for (let step = search.next(costs); step.kind === 'run' && seen.length < 300; step = search.next(costs)) {
      const again = createSearch(history, { confidence: 0.99 })
      seen.forEach((observation) => again.observe(observation))
      expect(again.next(costs)).toEqual(step)
      const outcome = step.candidate >= 77 && random() < 0.4 ? 'hit' : 'miss'
      seen.push({ candidate: step.candidate, outcome })
      search.observe({ candidate: step.candidate, outcome })
    }
    expect(seen.length).toBeGreaterThan(20)
  })

  test('beside runs of the bad end that are out, makes those that are left', () => {
    const search = createSearch(linearHistory(100), { confidence: 0.99, badEndRuns: 10 })
    const beside = (runs: number) => search.beside([{ candidate: 99, runs }], costs)
    expect(beside(1)).toEqual({ kind: 'run', candidate: 99, runs: 9 })
    expect(beside(10)).toBeUndefined()
  })

  test('that is told the rate needs no more than one hit of it, and fewer runs of others', () => {
    const rate = { low: 0.1, high: 0.1 }
    const runsOf = (told: { rate?: typeof rate }): number => {
      const search = createSearch(linearHistory(20), { confidence: 0.99, ...told })
      const random = createRandom(4)
      let runs = 0
      settle(search, (candidate) => (runs++, candidate >= 12 && random() < 0.1 ? 'hit' : 'miss'))
      expect(search.suspects().map(({ candidate }) => candidate)).toEqual([12])
      return runs
    }
    expect(runsOf({ rate })).toBeLessThan(0.8 * runsOf({}))
  })

  test('expects the likelier of what is out, and takes a step that is worth it then', () => {
    const search = createSearch(linearHistory(100), { confidence: 0.99 })
    observe(search, 99, '!!!!!!!!!!!!')
    const first = search.next(costs)
    const { candidate: middle } = first as RunStep
    expect(search.beside([], costs)).toEqual(first)
    const second = search.beside([first as RunStep], costs)
    expect(Math.abs(second!.candidate - middle)).toBeGreaterThan(10)
    observe(search, middle, '.')
    expect(search.next(costs)).toEqual(second)
  })

  test('does not run what is being built', () => {
    const search = createSearch(linearHistory(100), { confidence: 0.99 })
    observe(search, 99, '!!!!')
    const { candidate } = search.next(costs) as RunStep
    const building = { ...costs, buildSeconds: (each: number) => (each === candidate ? Infinity : 5) }
    const step = search.beside([{ candidate, runs: 1 }], building)
    expect(step?.candidate).not.toBe(candidate)
    const none = { ...costs, buildSeconds: () => Infinity }
    expect(search.beside([{ candidate, runs: 1 }], none)).toBeUndefined()
  })
})

test('a history that cannot be meant is refused', () => {
  const refusal = (history: History): string => {
    try {
      createSearch(history, { confidence: 0.99 })
    } catch (error) {
      return (error as { code: string }).code
    }
    return ''
  }
  expect(refusal({ candidates: [] })).toBe('FCT_BISECT_EMPTY_RANGE')
  expect(refusal(chain('ab', [1, 0]))).toBe('FCT_BISECT_WEIGHT')
  expect(refusal({ ...chain('ab'), goodEvidence: ['b'] })).toBe('FCT_BISECT_SAME_ENDS')
  expect(refusal({ candidates: [{ id: 'c', parents: [0], weight: 1, evidence: 't' }] })).toBe(
    'FCT_BISECT_UNSORTED',
  )
})

test('runs without a failure exclude what the rule of three says, exactly', () => {
  expect(highestRate(1)).toBeCloseTo(0.95, 12)
  expect(highestRate(300)).toBeCloseTo(0.009936, 6)
})

test('a range of rates leaves the points of the grid that enclose it', () => {
  const left = (low: number, high: number): number[] => {
    const weights = priorOf({ low, high })
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    return ratePoints.flatMap(({ mean }, index) => (weights[index]! > 0 ? [mean] : []))
  }
  expect(left(0, 1)).toHaveLength(ratePoints.length)
  for (const [low, high] of [
    [0.1, 0.1],
    [0.05, 0.2],
    [0.001, 0.01],
  ] as const) {
    const means = left(low, high)
    expect(means.length).toBeLessThan(ratePoints.length / 2)
    expect(Math.max(...means)).toBeGreaterThanOrEqual(high)
    expect(Math.min(...means)).toBeLessThanOrEqual(Math.max(low, ratePoints[0]!.mean))
  }
  expect(left(1, 1)).toContain(ratePoints[27]!.mean)
})
