import { execa } from 'execa'
import { expect, it } from 'vitest'
import { repeatCommand } from '../../../harness/commands/repeat-command.js'
import { planRun, type PlanOptions } from '../../../harness/scenario/plan.js'

function repeat(options: Partial<PlanOptions>): string {
  const wanted: PlanOptions = {
    scenario: 'CLOSE01',
    kernel: { name: 'debian:6.1', patches: [], profile: 'stock' },
    seed: 42,
    ...options,
  }
  return repeatCommand(wanted.scenario, planRun(wanted))
}

it('says the seed and the time, drawn or not, and what is not usual', () => {
  expect(repeat({})).toBe('npx fctorture run CLOSE01 --kernel debian:6.1 --seed 42 --time 30')
  const kernel = { name: 'tree:~/linux@v6.12', patches: ['a.patch', 'b.mbox'], profile: 'kasan' as const }
  expect(repeat({ kernel, time: 8, busted: true })).toBe(
    "npx fctorture run CLOSE01 --kernel 'tree:~/linux@v6.12' --seed 42 --time 8 --profile kasan --patch a.patch b.mbox --busted extra_put",
  )
})

it('says that clients were alone', () => {
  expect(repeat({ clientsOnly: true })).toMatch(/ --time 30 --clients-only$/)
})

it('says that the seed decides everything', () => {
  expect(repeat({ deterministic: true })).toMatch(/ --time 30 --deterministic$/)
})

it('says which strategy it was, and with what', () => {
  const pct = { depth: 3, steps: 500 }
  expect(repeat({ scenario: 'RESCHED01', deterministic: true, pct })).toMatch(
    / --deterministic --strategy pct --depth 3 --steps 500$/,
  )
})

it('says what ends the load early', () => {
  expect(repeat({ untilFinding: true })).toMatch(/ --time 30 --until-finding$/)
  expect(repeat({ untilFinding: ['free-at-zero'] })).toMatch(/ --until-finding free-at-zero$/)
})

it('is read by a shell as it was meant', async () => {
  const path = "it's $HOME `here`.patch"
  const command = repeat({ kernel: { name: 'debian:6.1', patches: [path], profile: 'stock' } })
  const { stdout } = await execa('sh', ['-c', command.replace('npx fctorture', "printf '%s\\n'")])
  expect(stdout.split('\n').at(-1)).toBe(path)
})
