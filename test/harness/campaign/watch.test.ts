import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parsePlan } from '../../../harness/campaign/plan.js'
import { openNight, runCampaign } from '../../../harness/campaign/run-campaign.js'
import { secondsLeft, watchedNothing, watchRow, type Watched } from '../../../harness/campaign/watch.js'
import { watchText } from '../../../harness/campaign/watch-text.js'
import { watchCommand } from '../../../harness/commands/watch.js'
import { lockCampaigns } from '../../../harness/store/campaign-lock.js'
import type { ProgressEvent, ProgressRow } from '../../../harness/store/history-records.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { smallExecutor, type SmallRun } from './inside/small-executor.js'

let folder: string
let store: HistoryWriter
const nobody = new AbortController().signal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-watch-'))
  store = new HistoryWriter(path())
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

function path(): string {
  return join(folder, 'history.sqlite')
}

const text = `name: watched
kernels: [debian:6.1]
scenarios: [CLOSE01, SHRINK01]
seeds: 2
time: 10
`

/** A campaign of four runs, the first of which fails. */
async function run(signal = nobody, ms = 0): Promise<void> {
  const release = lockCampaigns(path())
  const plan = parsePlan(text, join(folder, 'plan.yaml'))
  const campaign = openNight(plan, store, { fresh: false, now: new Date() })
  let runs = 0
  const come = (): SmallRun =>
    runs++ === 0 ? { verdict: 'FAIL', signatures: ['free-at-zero: put'] } : { verdict: 'PASS' }
  const executor = smallExecutor(join(folder, 'log'), come, { ms })
  const observer = { onEvent: () => undefined }
  try {
    await runCampaign(plan, campaign, { store, executor, runs: join(folder, 'runs'), signal, observer })
  } finally {
    release()
  }
}

/** What the command writes, and how it ends. */
async function watch(isTerminal: boolean, signal = nobody): Promise<{ written: string; status: number }> {
  const output = Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 200, rows: 40 })
  let written = ''
  output.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk
  })
  const status = await watchCommand({ store: path() }, signal, output as unknown as NodeJS.WriteStream)
  return { written, status }
}

const place = { cell: 'debian:6.1 CLOSE01', seed: 7, attempt: 1 }

function after(events: readonly ProgressEvent[], state: Watched = watchedNothing, campaign = 1): Watched {
  const at = '2026-11-27T01:00:00.000Z'
  return events.reduce(
    (was, event, id) => watchRow(was, { id, campaign, at, event } satisfies ProgressRow),
    state,
  )
}

test('a campaign that goes on is followed to its end', async () => {
  const going = run(nobody, 600)
  const { written, status } = await watch(true)
  await going
  expect(status).toBe(0)
  expect(written).toMatch(/watched: 1 of 4 runs done, 1 failed, 0 without a verdict, about \d+ s left/)
  expect(written).toMatch(/CLOSE01.* load /)
  expect(written).toContain('watched: 4 of 4 runs done, 1 failed, 0 without a verdict: complete')
})

test('where no screen can be renewed, the end is told once', async () => {
  await run()
  expect(await watch(false)).toEqual({
    written: 'watched: 4 of 4 runs done, 1 failed, 0 without a verdict: complete\n',
    status: 0,
  })
})

test('a history without a campaign, and a campaign whose process is gone, are told apart', async () => {
  await expect(watch(false)).rejects.toMatchObject({ code: 'FCT_NO_CAMPAIGN' })
  const stop = new AbortController()
  const going = run(stop.signal, 20)
  stop.abort(new Error('stopped'))
  await expect(going).rejects.toThrow('stopped')
  await expect(watch(false)).rejects.toMatchObject({ code: 'FCT_CAMPAIGN_STOPPED' })
})

test('it ends when the user has seen enough', async () => {
  const stop = new AbortController()
  const going = run(stop.signal, 1000)
  const watching = watch(true, stop.signal)
  stop.abort(new Error('stopped'))
  expect((await watching).status).toBe(0)
  await going.catch(() => undefined)
})

test('a guest is shown with its rates, a finding with how often it came, and no line is too long', () => {
  const rates = { seconds: 3, clients: 120.4, stressors: { close: 55, gc: 3 }, traceBytes: 2_500_000 }
  const finding = { kind: 'finding', signature: 'free-at-zero: put', says: '', second: 1, ...place } as const
  const state = after([
    { kind: 'campaign-started', planned: 3, done: 0 },
    { kind: 'run-started', loadSeconds: 10, ...place },
    { kind: 'load', rates, ...place },
    finding,
    finding,
  ])
  const screen = { now: 0, width: Infinity }
  expect(watchText(state, 'night', screen).split('\n')).toEqual([
    'night: 0 of 3 runs done, 0 failed, 0 without a verdict',
    '',
    'guest               seed  at    load    clients  useful per second  trace',
    'debian:6.1 CLOSE01  7     load  3/10 s  120/s    close 55, gc 3     2.5 MB',
    '',
    'found',
    'free-at-zero: put  2 x  last in debian:6.1 CLOSE01, seed 7',
  ])
  const narrow = watchText(state, 'a\u001b[31mnight', { now: 0, width: 20 }).split('\n')
  expect(Math.max(...narrow.map(({ length }) => length))).toBe(20)
  expect(narrow.join('')).not.toContain('\u001b')
})

test('what is left is told by what was done since this process took the campaign up', () => {
  const start = Date.parse('2026-11-27T01:00:00.000Z')
  const ended = { kind: 'run-ended', verdict: 'PASS', run: 1, ...place } as const
  const state = after([{ kind: 'campaign-resumed', planned: 12, done: 6 }])
  expect(secondsLeft(state, start + 30_000)).toBeNull()
  expect(secondsLeft(after([ended, ended], state), start + 30_000)).toBe(60)
})

test('another campaign begins anew', () => {
  const state = after([
    { kind: 'campaign-started', planned: 3, done: 2 },
    { kind: 'run-started', loadSeconds: 10, ...place },
  ])
  expect(after([{ kind: 'campaign-started', planned: 9, done: 0 }], state, 2)).toMatchObject({
    ...{ campaign: 2, planned: 9, done: 0, guests: [], findings: [] },
  })
})
