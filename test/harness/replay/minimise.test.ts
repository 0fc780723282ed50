import { describe, expect, it } from 'vitest'
import { Minimiser, type Goal, type Minimum } from '../../../harness/replay/minimise.js'
import type { Outcome } from '../../../harness/replay/run-outcome.js'
import { reductionsOf, sizeOf } from '../../../harness/replay/reductions.js'
import { loadScenario, type Scenario } from '../../../harness/scenario/scenario.js'
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
  ['CLOSE01', 'always', closeRace(1)],
  ['CLOSE01', 'at 60 %', closeRace(0.6)],
  ['CLOSE01', 'at 20 %', closeRace(0.2)],
  ['DISPOSE01', 'at 70 %', rendezvous(0.7)],
  ['DISPOSE01', 'at 30 %', rendezvous(0.3)],
] as const

const searches = 150

describe.each(worlds)('%s that fails %s', (name, _, rateOf) => {
  const original = loadScenario(name)
  const all = Array.from({ length: searches }, (_, seed) => search(original, rateOf, seed))

  it('is made smaller, and still fails at the rate wanted with the confidence asked', () => {
    const taken = all.filter(({ after }) => after !== null)
    const bad = taken.filter(({ scenario, wanted }) => rateOf(scenario) <= (wanted ?? 1) / goal.ratio)
    const sizes = all.map(({ scenario }) => sizeOf(scenario) / sizeOf(original)).sort((a, b) => a - b)
    const runs = all.map(({ total }) => total).sort((a, b) => a - b)
    const rates = all.map(({ scenario }) => rateOf(scenario)).sort((a, b) => a - b)
    console.log(name, _, {
      bad: bad.length,
      of: taken.length,
      size: [0.05, 0.5, 0.95].map((q) => sizes[Math.floor(q * searches)]?.toFixed(2)).join(' '),
      runs: [0.05, 0.5, 0.95].map((q) => runs[Math.floor(q * searches)]).join(' '),
      rate: [0.05, 0.5, 0.95].map((q) => rates[Math.floor(q * searches)]?.toFixed(2)).join(' '),
    })
    const expected = goal.error * searches
    expect(bad.length).toBeLessThanOrEqual(expected + 3 * Math.sqrt(expected))
  })
})
