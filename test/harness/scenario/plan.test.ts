import { expect, it } from 'vitest'
import { planRun } from '../../../harness/scenario/plan.js'
import { knobsOf } from '../../../harness/scenario/stressors.js'

const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const

it('does not let a finding end what nobody may speak to', () => {
  const options = { scenario: 'RESCHED01', kernel, deterministic: true }
  expect(planRun(options)).toMatchObject({ deterministic: true, untilFinding: false })
  expect(() => planRun({ ...options, untilFinding: ['free-at-zero'] })).toThrow(
    expect.objectContaining({ code: 'FCT_DETERMINISTIC_UNTIL' }),
  )
})

it('leaves clients alone with nfsd, and asks for no window that only stressors open', () => {
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

it('has strategy pct on one CPU only, with injection points to count', () => {
  const options = { scenario: 'RESCHED01', kernel, pct: { depth: 3, steps: 500 } }
  expect(planRun({ ...options, deterministic: true }).pct).toEqual({ depth: 3, steps: 500 })
  expect(() => planRun(options)).toThrow(expect.objectContaining({ code: 'FCT_PCT_CPUS' }))
  expect(() => planRun({ ...options, scenario: 'CLOSE01', deterministic: true })).toThrow(
    expect.objectContaining({ code: 'FCT_PCT_POINTS' }),
  )
})
