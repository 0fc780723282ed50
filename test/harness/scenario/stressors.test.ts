import { describe, expect, it } from 'vitest'
import { knobsOf, injectSchema, stressorsSchema, withPct } from '../../../harness/scenario/stressors.js'
import { listScenarios, loadScenario } from '../../../harness/scenario/scenario.js'

describe('knobsOf', () => {
  it('hands numbers on by stressor', () => {
    const plan = stressorsSchema.parse({ close: { threads: 2, gap_us: 100 }, acquire: { repeat: 4 } })
    expect(knobsOf(plan, undefined)).toEqual({ close: { threads: 2, gap_us: 100 }, acquire: { repeat: 4 } })
  })

  it('turns the names of parties into a thread each, numbered as in enum fct_stressor_id', () => {
    const plan = stressorsSchema.parse({ rendezvous: { parties: ['gc', 'close', 'fsnotify'], steps: 8 } })
    expect(knobsOf(plan, undefined)).toEqual({
      rendezvous: { threads: 3, party0: 3, party1: 0, party2: 7, steps: 8 },
    })
  })

  it('puts each injection point into a folder of its own', () => {
    const inject = injectSchema.parse({
      targets_only: true,
      points: { nfsd_file_put: { rate_ppm: 10, mode: 'resched' } },
    })
    expect(knobsOf({}, inject)).toEqual({
      inject: { targets_only: 1 },
      'inject/nfsd_file_put': { rate_ppm: 10, mode: 2, shape: 0 },
    })
  })
})

it('adds strategy pct to what else is common to injection points', () => {
  const knobs = { close: { threads: 1 }, inject: { targets_only: 1 } }
  expect(withPct(knobs, { depth: 3, steps: 500 })).toEqual({
    close: { threads: 1 },
    inject: { targets_only: 1, strategy: 1, depth: 3, steps: 500 },
  })
})

it.each([
  [{ rendezvous: { parties: ['close'] } }],
  [{ rendezvous: { parties: ['close', 'purge'] } }],
  [{ close: { speed: 1 } }],
  [{ purge: { foreign_percent: 101 } }],
])('refuses %j', (plan) => {
  expect(stressorsSchema.safeParse(plan).success).toBe(false)
})

it.each(listScenarios())('%s of the catalogue is a scenario by its own name', (name) => {
  expect(loadScenario(name).name).toBe(name)
})
