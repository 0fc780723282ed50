import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CellJob, Executor } from '../../../harness/campaign/executor.js'
import { forecast } from '../../../harness/campaign/forecast.js'
import { summarizeNight, type NightSummary } from '../../../harness/campaign/night-summary.js'
import { parsePlan, type CampaignPlan } from '../../../harness/campaign/plan.js'
import { openNight, runCampaign } from '../../../harness/campaign/run-campaign.js'
import { localExecutor } from '../../../harness/commands/local-executor.js'
import { machineAddressOf } from '../../../harness/commands/machine-options.js'
import type { ProgressEvent } from '../../../harness/store/history-records.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { quietContext } from '../../stock-kernel.js'
import { resultOf } from '../store/store-fixtures.js'
import { smallExecutor, type SmallRun } from './inside/small-executor.js'

let folder: string
let store: HistoryWriter
let events: ProgressEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-machines-'))
  store = new HistoryWriter(join(folder, 'history.sqlite'))
  events = []
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

const text = `name: machines
kernels: [debian:6.1, running]
scenarios: [CLOSE01, SHRINK01]
targets: [qemu, lab7, lab8]
seeds: 3
time: 10
exclude:
  - { kernel: running, target: qemu }
  - { kernel: debian:6.1, target: [lab7, lab8] }
`

function planOf(change = text, address = (name: string) => `ssh://root@${name}`): CampaignPlan {
  return parsePlan(change, 'p.yaml', (name) => {
    const file = join(folder, 'targets.yaml')
    const known = `knownHosts: [${join(folder, 'known_hosts')}], identity: [${join(folder, 'key')}]`
    writeFileSync(file, `targets: { ${name}: { address: '${address(name)}', ${known} } }\n`)
    return machineAddressOf(name, { targets: file })
  })
}

async function run(
  plan: CampaignPlan,
  executor: Executor,
  signal = new AbortController().signal,
): Promise<NightSummary> {
  const campaign = openNight(plan, store, { fresh: false, now: new Date('2026-11-27T01:00:00.000Z') })
  const observer = { onEvent: (event: ProgressEvent) => events.push(event) }
  await runCampaign(plan, campaign, { store, executor, runs: join(folder, 'runs'), signal, observer })
  return summarizeNight(
    store,
    store.campaign(campaign.id),
    plan.cells.map(({ key }) => key),
  )
}

/** Counts how many runs are on each target at a time. */
function counted(executor: Executor): Executor & { readonly most: Record<string, number> } {
  const most: Record<string, number> = {}
  const now: Record<string, number> = {}
  let all = 0
  return {
    ...executor,
    most,
    run: async (job, listener, signal) => {
      const { target } = job.cell
      now[target] = (now[target] ?? 0) + 1
      all++
      most[target] = Math.max(most[target] ?? 0, now[target])
      most['all'] = Math.max(most['all'] ?? 0, all)
      try {
        return await executor.run(job, listener, signal)
      } finally {
        now[target]--
        all--
      }
    },
  }
}

const small = (come: (job: CellJob) => SmallRun | null = () => ({ verdict: 'PASS' })): Executor =>
  smallExecutor(join(folder, 'log'), come, { ms: 20 })

const dispatched = (target: string): number =>
  events.filter((event) => event.kind === 'run-started' && event.cell.includes(` ${target}`)).length

test('a machine takes one run at a time, and no machine waits for another or for guests', async () => {
  const executor = counted(small())
  const summary = await run(planOf(), executor)
  expect(summary).toMatchObject({ verdict: 'PASS', campaign: { outcome: 'complete' } })
  expect(executor.most).toEqual({ qemu: 1, lab7: 1, lab8: 1, all: 3 })
  expect(summary.cells.map(({ key }) => key).sort()).toEqual([
    'debian:6.1 stock CLOSE01 qemu',
    'debian:6.1 stock SHRINK01 qemu',
    'running stock CLOSE01 lab7',
    'running stock CLOSE01 lab8',
    'running stock SHRINK01 lab7',
    'running stock SHRINK01 lab8',
  ])
  expect([...store.runsOf(summary.campaign.id)].map(({ seed }) => seed)).toHaveLength(18)
})

test('what a night takes is what its slowest target takes', () => {
  // 10 s of load and a guess of 20 s beside it, three seeds of two cells.
  expect(forecast(planOf(), undefined)).toMatchObject({ totalSeconds: 6 * 30 })
  const tight = planOf(text.replace('seeds: 3', 'budget: 100s'))
  expect(forecast(tight, undefined).cells.reduce((sum, { runs }) => sum + runs, 0)).toBe(9)
})

/** On lab8 there is trouble with every first attempt. */
const troubled = (code: `FCT_${string}`): Executor => ({
  ...{ name: 'small', slotsOf: () => 1, resume: () => Promise.resolve(null) },
  run: ({ cell, attempt, options: { seed } }) => {
    if (cell.target !== 'lab8' || attempt > 1)
      return Promise.resolve({ result: resultOf('PASS', { run: `/runs/${String(seed)}`, seed }), seconds: 1 })
    const reasons = [{ code, message: 'lab8 cannot be reached' }] as const
    const result = resultOf('ERROR', { run: `/runs/${String(seed)}`, seed, reasons })
    return Promise.resolve({ result, seconds: 30 })
  },
})
const withoutLab8 = troubled('FCT_SSH_CONNECT')

test('a machine that cannot be had is asked once a night, whatever the plan has for it', async () => {
  const summary = await run(planOf(`${text}retries: 5\n`), withoutLab8)
  expect(dispatched('lab8')).toBe(1)
  expect([dispatched('qemu'), dispatched('lab7')]).toEqual([6, 6])
  expect(events).toContainEqual({
    kind: 'target-out',
    target: 'lab8',
    reason: 'lab8 cannot be reached (FCT_SSH_CONNECT)',
  })
  // It is no finding, and it is no night without trouble either.
  expect(summary).toMatchObject({ verdict: 'ERROR', exit: 125, findings: [] })
  expect(summary.trouble).toHaveLength(1)
  expect(summary.notRun).toHaveLength(1)
})

test.each(['FCT_TARGET_REBOOTED', 'FCT_SSH_LOST', 'FCT_MODULE_BUILD'] as const)(
  'what befell one run on a machine (%s) is tried again',
  async (code) => {
    expect(await run(planOf(), troubled(code))).toMatchObject({ verdict: 'PASS' })
    expect(dispatched('lab8')).toBe(12)
  },
)

test('a night with machines that was interrupted goes on, and asks a machine anew that was out', async () => {
  const controller = new AbortController()
  let runs = 0
  const stopping: Executor = {
    ...withoutLab8,
    run: async (job, listener, signal) => {
      await delay(5)
      if (++runs === 7) controller.abort(new Error('stopped'))
      return withoutLab8.run(job, listener, signal)
    },
  }
  await expect(run(planOf(), stopping, controller.signal)).rejects.toThrow('stopped')
  expect(dispatched('lab8')).toBe(1)
  const summary = await run(planOf(), small())
  expect(summary).toMatchObject({ verdict: 'PASS', notRun: [], campaign: { outcome: 'complete' } })
  expect(store.campaigns()).toHaveLength(1)
  const done = [...store.runsOf(summary.campaign.id)].filter(({ counts }) => counts)
  expect(new Set(done.map(({ cell, seed }) => `${cell.target} ${String(seed)}`)).size).toBe(18)
  expect(done).toHaveLength(18)
  // The one in ERROR is repeated, what passed is not.
  expect(events.filter(({ kind }) => kind === 'run-started')).toHaveLength(19)
})

test('a host that really refuses: the night is over at once, and says why', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const { private: key, public: hostKey } = ssh2.utils.generateKeyPairSync('ed25519')
  writeFileSync(join(folder, 'key'), key, { mode: 0o600 })
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${String(port)} ${hostKey}\n`)
  const machines = text.replace('[qemu, lab7, lab8]', '[lab7]').split('exclude')[0]!
  const plan = planOf(
    machines.replace('[debian:6.1, running]', '[running]'),
    () => `ssh://root@127.0.0.1:${String(port)}`,
  )
  const began = performance.now()
  const summary = await run(plan, localExecutor(quietContext, plan.machines))
  expect(performance.now() - began).toBeLessThan(20_000)
  expect(summary).toMatchObject({ verdict: 'ERROR', exit: 125, findings: [] })
  expect(summary.trouble.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/127\.0\.0\.1.* cannot be reached: .*ECONNREFUSED.*\(FCT_SSH_CONNECT\)/s),
  ])
  const [only] = store.runsOf(summary.campaign.id)
  expect(only).toMatchObject({ verdict: 'ERROR', counts: false, cell: { target: 'lab7', kernel: 'running' } })
  expect(JSON.parse(readFileSync(join(only!.folder, 'verdict.json'), 'utf8'))).toMatchObject({
    target: { kind: 'ssh' },
  })
}, 30_000)
