import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readStoredRun } from '../../../harness/replay/stored-run.js'
import { loadScenario } from '../../../harness/scenario/scenario.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-stored-'))
})

afterEach(() => rm(folder, { recursive: true }))

const scenario = loadScenario('RESCHED01')
const run = {
  schema: 1,
  scenario,
  seed: '9007199254740991',
  busted: '',
  deterministic: true,
  kernel: { name: 'debian:6.1', patches: ['a.patch'], profile: 'kasan', release: '6.1.0-56-amd64' },
  repeat: 'npx fctorture run RESCHED01',
  deterministicInputs: { QEMU: '7.2' },
}

async function write(document: object): Promise<void> {
  await writeFile(join(folder, 'run.json'), JSON.stringify(document))
  await writeFile(
    join(folder, 'verdict.json'),
    JSON.stringify({ findings: [{ signature: 'b' }, { signature: 'a' }] }),
  )
}

it('makes the same plan again of what a run left behind', async () => {
  await write(run)
  expect(await readStoredRun(folder)).toEqual({
    plan: {
      scenario,
      seed: Number.MAX_SAFE_INTEGER,
      busted: '',
      deterministic: true,
      kernel: { name: 'debian:6.1', patches: ['a.patch'], profile: 'kasan' },
      clientsOnly: false,
      untilFinding: false,
      dump: 'of the dead',
    },
    repeat: 'npx fctorture run RESCHED01',
    inputs: { QEMU: '7.2' },
    findings: ['a', 'b'],
  })
})

it('remembers the strategy', async () => {
  await write({ ...run, pct: { depth: 3, steps: 500 } })
  expect((await readStoredRun(folder)).plan.pct).toEqual({ depth: 3, steps: 500 })
})

it('takes a run of before for one that was not deterministic', async () => {
  await write({ ...run, deterministic: undefined, deterministicInputs: undefined })
  const { plan, inputs } = await readStoredRun(folder)
  expect([plan.deterministic, inputs]).toEqual([false, undefined])
})

it('says which file it is that cannot be read', async () => {
  await expect(readStoredRun(folder)).rejects.toMatchObject({ code: 'FCT_RUN_INVALID' })
  await write({ ...run, kernel: {} })
  await expect(readStoredRun(folder)).rejects.toThrow(/run\.json cannot be read/)
})

it('does not take a guest for a machine of somebody else', async () => {
  await write({ ...run, machine: { address: 'ssh://root@lab7; touch x' } })
  await expect(readStoredRun(folder)).rejects.toMatchObject({
    code: 'FCT_REPLAY_MACHINE',
    message: expect.stringMatching(/ --target 'ssh:\/\/root@lab7; touch x'$/) as string,
  })
})
