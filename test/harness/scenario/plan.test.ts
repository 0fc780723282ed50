import { expect, it } from 'vitest'
import { planRun } from '../../../harness/scenario/plan.js'
import { knobsOf } from '../../../harness/scenario/stressors.js'

it('leaves clients alone with nfsd, and asks for no window that only stressors open', () => {
  const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const
  const { scenario } = planRun({ scenario: 'DISPOSE01', kernel, clientsOnly: true })
  const whole = planRun({ scenario: 'DISPOSE01', kernel }).scenario
  expect(knobsOf(scenario.stressors, scenario.inject)).toEqual({})
  expect(scenario.exposure).toEqual([])
  expect({ clients: scenario.clients, churn: scenario.churn }).toEqual({
    clients: whole.clients,
    churn: whole.churn,
  })
  expect(Object.keys(knobsOf(whole.stressors, whole.inject))).toContain('inject/entry_list_lru_add')
})
