import { expect, it } from 'vitest'
import { ruleSet } from '../../../harness/oracle/rule-set.js'
import { listCases } from '../../../harness/selftest/cases.js'
import { loadScenario } from '../../../harness/scenario/scenario.js'

it('are all regressions of a kernel and all variants of the module', async () => {
  const for61 = await listCases('debian:6.1', [])
  const for73 = await listCases('debian:7.3', [])
  const ids = (cases: typeof for61): string[] => cases.map(({ id }) => id)
  expect(ids(for61)).toContain('put-unlinks-from-dispose-list')
  expect(ids(for73)).not.toContain('put-unlinks-from-dispose-list')
  expect(ids(for73).filter((id) => id.startsWith('busted:'))).toHaveLength(6)
  for (const { scenario } of for61) expect(() => loadScenario(scenario)).not.toThrow()
})

it('name rules that there are beside the one that is expected', async () => {
  const known = new Set(ruleSet.map(({ id }) => id))
  const others = (await listCases('debian:6.1', [])).flatMap(({ also }) => also)
  expect(others.filter((rule) => !known.has(rule))).toEqual([])
})

it('are those that are named, or an error says which there are', async () => {
  expect(await listCases('debian:6.1', ['busted:leak', 'mark-leak'])).toHaveLength(2)
  await expect(listCases('debian:6.1', ['mark-lek'])).rejects.toMatchObject({
    code: 'FCT_SELFTEST_UNKNOWN',
    message: expect.stringContaining('did you mean mark-leak?') as string,
  })
  await expect(listCases('debian:5.10', [])).rejects.toMatchObject({ code: 'FCT_SELFTEST_KERNEL' })
})
