import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CellJob, Executor } from '../../../harness/campaign/executor.js'
import { forecast } from '../../../harness/campaign/forecast.js'
import { summarizeNight, type NightSummary } from '../../../harness/campaign/night-summary.js'
import { describeNight } from '../../../harness/campaign/night-text.js'
import { parsePlan, type CampaignPlan } from '../../../harness/campaign/plan.js'
import { openNight, runCampaign, type NightChoice } from '../../../harness/campaign/run-campaign.js'
import type { ProgressEvent } from '../../../harness/store/history-records.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { resultOf } from '../store/store-fixtures.js'
import { smallExecutor, type SmallRun } from './inside/small-executor.js'

let folder: string
let store: HistoryWriter
let events: ProgressEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-campaign-'))
  store = new HistoryWriter(join(folder, 'history.sqlite'))
  events = []
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

const text = `name: small
kernels: [debian:6.1, debian:6.12]
scenarios: [CLOSE01, SHRINK01]
seeds: 2
time: 10
`
const now = new Date('2026-11-27T01:00:00.000Z')

async function run(
  plan: CampaignPlan,
  executor: Executor,
  { signal = new AbortController().signal, ...choice }: Partial<NightChoice> & { signal?: AbortSignal } = {},
): Promise<NightSummary> {
  const campaign = openNight(plan, store, { fresh: false, now, ...choice })
  const observer = { onEvent: (event: ProgressEvent) => events.push(event) }
  await runCampaign(plan, campaign, { store, executor, runs: join(folder, 'runs'), signal, observer })
  return summarizeNight(
    store,
    store.campaign(campaign.id),
    plan.cells.map(({ key }) => key),
  )
}

function come(how: (job: CellJob) => SmallRun | null, options = {}): Executor {
  return smallExecutor(join(folder, 'log'), how, options)
}

function begun(): string[] {
  return readFileSync(join(folder, 'log'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('begin'))
}

const pass = (): SmallRun => ({ verdict: 'PASS' })

test('a night runs each seed of each cell once, and is a PASS if all of them are', async () => {
  const summary = await run(parsePlan(text, 'p.yaml'), come(pass, { slots: 3 }))
  expect(summary).toMatchObject({
    verdict: 'PASS',
    exit: 0,
    findings: [],
    trouble: [],
    withoutAnswer: [],
    notRun: [],
  })
  expect(summary.campaign.outcome).toBe('complete')
  expect(summary.cells).toHaveLength(4)
  expect(new Set(begun()).size).toBe(8)
  expect(begun()).toHaveLength(8)
  expect(events.at(0)).toEqual({ kind: 'campaign-started', planned: 8, done: 0 })
  expect(events.at(-1)).toEqual({ kind: 'campaign-ended', outcome: 'complete' })
})

test('seeds are fresh each night, and those of a night follow from its seed', async () => {
  const plan = parsePlan(text, 'p.yaml')
  const seeds = async (seed?: number) => {
    const { campaign } = await run(plan, come(pass), seed === undefined ? {} : { seed })
    return [...store.runsOf(campaign.id)].map((each) => each.seed).sort()
  }
  const [first, second, third, fourth] = [await seeds(), await seeds(), await seeds(5), await seeds(5)]
  expect(second).not.toEqual(first)
  expect(fourth).toEqual(third)
})

test('a retry does not hide a failure, and only an ERROR is tried again', async () => {
  const summary = await run(
    parsePlan(text, 'p.yaml'),
    come(({ cell, attempt }) => {
      if (cell.kernel !== 'debian:6.1') return { verdict: 'PASS' }
      if (cell.scenario === 'SHRINK01') return { verdict: 'FAIL', signatures: ['use-at-zero: put'] }
      return { verdict: attempt === 1 ? 'ERROR' : 'PASS' }
    }),
  )
  expect(summary).toMatchObject({ verdict: 'FAIL', exit: 1 })
  expect(summary.findings).toEqual([
    {
      signature: 'use-at-zero: put',
      rule: 'use-at-zero',
      runs: 2,
      cells: ['debian:6.1 stock SHRINK01 qemu'],
    },
  ])
  expect(summary.trouble.map(({ cell, attempt }) => [cell, attempt])).toEqual([
    ['debian:6.1 stock CLOSE01 qemu', 1],
    ['debian:6.1 stock CLOSE01 qemu', 1],
  ])
  expect(begun()).toHaveLength(10)
  expect(describeNight(summary, 'h.sqlite')).toMatch(
    /use-at-zero: put\n {2}in 2 runs: debian:6.1 stock SHRINK01 qemu/,
  )
})

test('what ends in ERROR at each attempt leaves the night without a verdict', async () => {
  const summary = await run(
    parsePlan(`${text}retries: 2\n`, 'p.yaml'),
    come(({ cell }) => ({
      verdict: cell.scenario === 'SHRINK01' && cell.kernel === 'debian:6.1' ? 'ERROR' : 'PASS',
    })),
  )
  expect(summary).toMatchObject({ verdict: 'ERROR', exit: 125 })
  expect(summary.withoutAnswer).toHaveLength(2)
  expect(begun()).toHaveLength(6 + 2 * 3)
})

test('an INCONCLUSIVE run leaves the night without a verdict and is not tried again', async () => {
  const summary = await run(
    parsePlan(text, 'p.yaml'),
    come(({ cell }) => ({ verdict: cell.scenario === 'CLOSE01' ? 'INCONCLUSIVE' : 'PASS' })),
  )
  expect(summary).toMatchObject({ verdict: 'INCONCLUSIVE', exit: 125 })
  expect(begun()).toHaveLength(8)
})

test('a job of which nothing came is handed out again, so often', async () => {
  const summary = await run(
    parsePlan(text, 'p.yaml'),
    come(({ cell }) => (cell.scenario === 'CLOSE01' ? null : { verdict: 'PASS' })),
  )
  expect(summary).toMatchObject({ verdict: 'ERROR', exit: 125 })
  expect(summary.withoutAnswer).toHaveLength(4)
  expect(begun()).toHaveLength(4 + 4 * 2)
})

test('a night that the user stops goes on with the same command', async () => {
  const plan = parsePlan(text, 'p.yaml')
  const controller = new AbortController()
  let runs = 0
  const stopping = come(() => {
    if (++runs === 3) controller.abort(new Error('stopped'))
    return { verdict: 'PASS' }
  })
  await expect(run(plan, stopping, { signal: controller.signal })).rejects.toThrow('stopped')
  expect(store.latestCampaign()).toMatchObject({ ended: null })
  const summary = await run(plan, come(pass), { now: new Date('2026-11-27T09:00:00.000Z') })
  expect(summary).toMatchObject({ verdict: 'PASS', exit: 0 })
  expect(store.campaigns()).toHaveLength(1)
  expect(begun()).toHaveLength(8)
  expect(events).toContainEqual({ kind: 'campaign-resumed', planned: 8, done: 3 })
})

test.each([
  ['with another plan', text.replace('seeds: 2', 'seeds: 1'), {}],
  ['the day after', text, { now: new Date('2026-11-28T01:00:00.000Z') }],
  ['when the user wants a fresh one', text, { fresh: true }],
])('an interrupted night is given up %s', async (_, changed, choice) => {
  openNight(parsePlan(text, 'p.yaml'), store, { fresh: false, now })
  await run(parsePlan(changed, 'p.yaml'), come(pass), choice)
  expect(store.campaigns().map(({ outcome }) => outcome)).toEqual(['abandoned', 'complete'])
})

test('a full disk stops the night, which goes on later', async () => {
  const plan = parsePlan(text, 'p.yaml')
  const reasons = [{ code: 'FCT_DISK_FULL', message: 'there is no space left' }] as const
  const executor = {
    ...come(pass),
    run: () => Promise.resolve({ result: resultOf('ERROR', { reasons }), seconds: 1 }),
  }
  await expect(run(plan, executor)).rejects.toMatchObject({ code: 'FCT_DISK_FULL' })
  expect(await run(plan, come(pass))).toMatchObject({ verdict: 'PASS' })
})

test('what a document says comes home from another process too late: it is kept and does not count', async () => {
  const plan = parsePlan(text, 'p.yaml')
  const { campaign } = await run(plan, come(pass))
  const [first] = store.runsOf(campaign.id)
  const { cell, seed, started } = first!
  store.record(
    { campaign: campaign.id, cell, seed, attempt: 2, started, seconds: 1 },
    resultOf('FAIL', { run: '/late' }),
  )
  expect(summarizeNight(store, campaign as never, [])).toMatchObject({ verdict: 'FAIL', exit: 1 })
  expect([...store.runsOf(campaign.id)].filter(({ counts }) => counts)).toHaveLength(8)
})

test('a budget holds what fits, and says what was not run; the next night begins with that', async () => {
  const plan = parsePlan(text.replace('seeds: 2', 'budget: 100s'), 'p.yaml')
  // 10 s of load and a guess of 20 beside it: three fit.
  const executor: Executor = {
    ...come(pass),
    run: async (job, listener, signal) => {
      const end = await come(pass).run(job, listener, signal)
      return end && { ...end, seconds: 30 }
    },
  }
  const first = await run(plan, executor)
  expect(first).toMatchObject({ verdict: 'PASS', campaign: { outcome: 'budget' } })
  expect(first.notRun).toHaveLength(1)
  const foreseen = forecast(plan, store)
  expect(foreseen.cells[0]).toMatchObject({ key: first.notRun[0], runs: 1, isKnown: false })
  expect(foreseen.totalSeconds).toBe(90)
})
