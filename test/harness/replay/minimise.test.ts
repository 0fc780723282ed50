import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Minimiser, type Goal, type Minimum } from '../../../harness/replay/minimise.js'
import type { Outcome } from '../../../harness/replay/run-outcome.js'
import { reductionsOf, sizeOf } from '../../../harness/replay/reductions.js'
import { rateOf as rateOfCounts } from '../../../harness/campaign/rate.js'
import {
  listScenarios,
  loadScenario,
  parseScenario,
  type Scenario,
} from '../../../harness/scenario/scenario.js'
import { Random } from '../oracle/model/random.js'

const goal: Goal = { ratio: 2, error: 0.05 }
const fine = 1_000_000

interface Searched extends Minimum {
  readonly total: number
  readonly asked: string[]
}

/** A whole search in a world where a scenario fails at this rate; a run in ten comes to no verdict. */
function search(
  original: Scenario,
  rateOf: (scenario: Scenario) => number,
  seed: number,
  given = goal,
): Searched {
  const random = new Random(seed)
  const search = new Minimiser(original, given)
  const asked: string[] = []
  for (let trial = search.next(); trial !== undefined; trial = search.next()) {
    const isNone = random.below(10) === 0
    const isHit = random.below(fine) < rateOf(trial.scenario) * fine
    const outcome: Outcome = isNone ? 'none' : isHit ? 'hit' : 'miss'
    asked.push(`${trial.phase} ${trial.tries.join(', ')} ${outcome}`)
    search.observe(outcome)
  }
  const result = search.result()
  return { ...result, total: asked.length, asked }
}

/** It needs close, a second thread of clients or not, 4 files at least; the load's length counts, up to 4 s. */
function closeRace(rate: number): (scenario: Scenario) => number {
  return ({ stressors, clients, seconds }) =>
    stressors.close === undefined || clients.files < 4 ? 0 : rate * Math.min(1, seconds / 4)
}

/** Two stressors and one point of injection; each further stressor makes it a little rarer. */
function rendezvous(rate: number): (scenario: Scenario) => number {
  return ({ stressors, inject, exports }) => {
    const others = Object.keys(stressors).length - 2
    const isOpen = inject?.points['entry_list_lru_add'] !== undefined && exports.includes('ext4')
    return stressors.close && stressors.synthetic && isOpen ? rate * (1 - 0.1 * others) : 0.005
  }
}

const worlds = [
  ['CLOSE01', 'always', closeRace(1), 130],
  ['CLOSE01', 'at 60 %', closeRace(0.6), 350],
  ['CLOSE01', 'at 20 %', closeRace(0.2), 1300],
  ['DISPOSE01', 'at 70 %', rendezvous(0.7), 200],
  ['DISPOSE01', 'at 30 %', rendezvous(0.3), 600],
] as const

const searches = 150

describe.each(worlds)('%s that fails %s', (name, _, rateOf, mostRuns) => {
  const original = loadScenario(name)
  const all = Array.from({ length: searches }, (_, seed) => search(original, rateOf, seed))

  it('still fails at the rate wanted with the confidence asked, and did so before', () => {
    const taken = all.filter(({ after }) => after !== null)
    const bad = taken.filter(({ scenario, wanted }) => rateOf(scenario) <= (wanted ?? 1) / goal.ratio)
    expect(all.map(({ ending }) => ending)).toEqual(all.map(() => 'confirmed'))
    expect(taken.length).toBeGreaterThan(0.9 * searches)
    expect(bad.length).toBeLessThanOrEqual(goal.error * searches)
    const missed = taken.filter(({ after, scenario }) => {
      const { low, high } = rateOfCounts(after ?? { hits: 0, trials: 0 })
      return rateOf(scenario) < low || rateOf(scenario) > high
    })
    expect(missed.length).toBeLessThanOrEqual(0.1 * searches)
  })

  it('is made smaller, in so many runs', () => {
    const median = (values: number[]): number => values.sort((a, b) => a - b)[searches / 2] ?? NaN
    expect(median(all.map(({ scenario }) => sizeOf(scenario) / sizeOf(original)))).toBeLessThan(0.45)
    expect(median(all.map(({ total }) => total))).toBeLessThan(mostRuns)
  })
})

describe('a search', () => {
  const original = loadScenario('CLOSE01')

  it('asks for the same runs after the same outcomes', () => {
    expect(search(original, closeRace(0.6), 7)).toEqual(search(original, closeRace(0.6), 7))
  })

  it('says that it did not show again, or not as often as wanted, or that runs have no verdict', () => {
    const never = search(original, () => 0, 1)
    expect(never).toMatchObject({ ending: 'absent', wanted: null, after: null, scenario: original })
    expect(never.before).toEqual({ hits: 0, trials: 60 })
    expect(search(original, () => 0.1, 1, { ...goal, rate: 0.9 })).toMatchObject({ ending: 'rarer' })
    const broken = new Minimiser(original, goal)
    for (let trial = broken.next(); trial !== undefined; trial = broken.next()) broken.observe('none')
    expect(broken.result()).toMatchObject({ ending: 'no verdict', runs: { before: 5 } })
  })

  it('confirms what there is when time is short', () => {
    const late = new Minimiser(original, goal)
    while (late.next()?.phase === 'before') late.observe('hit')
    const [first] = [late.next()?.tries ?? []]
    while (late.next()?.tries === first) late.observe('hit')
    late.hurry()
    expect(late.next()?.phase).toBe('confirm')
    while (late.next() !== undefined) late.observe('hit')
    expect(late.result()).toMatchObject({ ending: 'confirmed', removed: first })
  })

  it('goes on when there is time again, if it had nothing to show', () => {
    const late = new Minimiser(original, goal)
    while (late.next()?.phase === 'before') late.observe('hit')
    const wanted = late.next()
    late.hurry()
    expect(late.next()).toBeUndefined()
    expect(late.result()).toMatchObject({ ending: 'unconfirmed', removed: [] })
    late.takeTime()
    expect(late.next()).toEqual(wanted)
  })

  it('takes back what the confirmation does not bear out, and tries its parts', () => {
    const search = new Minimiser(original, goal)
    while (search.next()?.phase === 'before') search.observe('hit')
    while (search.next()?.phase === 'smaller') search.observe('hit')
    while (search.next()?.phase === 'confirm') search.observe('miss')
    expect(search.next()?.phase).toBe('smaller')
    expect(search.result()).toMatchObject({ removed: [], needed: [] })
  })

  it('leaves what it cannot do without', () => {
    const { needed, scenario, removed } = search(original, ({ stressors }) => (stressors.close ? 1 : 0), 3)
    expect(needed).toContain('no stressor close')
    expect(Object.keys(scenario.stressors)).toEqual(['close'])
    expect(scenario.exposure).toEqual([])
    expect(removed).toContain('no churn')
  })
})

it('reduces each scenario of the catalogue to one that can be read', () => {
  for (const name of listScenarios()) {
    const original = loadScenario(name)
    const reductions = reductionsOf(original)
    for (const { apply } of reductions) expect(sizeOf(apply(original))).toBeLessThanOrEqual(sizeOf(original))
    const least = reductions.reduce((scenario, { apply }) => apply(scenario), original)
    expect(parseScenario(stringify(least), name)).toEqual(least)
    expect(least).toMatchObject({ stressors: {}, disturb: [], nfsdThreads: 1 })
    expect(least.exports).toHaveLength(1)
  }
})
