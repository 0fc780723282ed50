import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exportLines, importLines } from '../../../harness/store/exchange.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { pruneRuns } from '../../../harness/store/retention.js'
import { cell, findingOf, placeOf, resultOf } from './store-fixtures.js'

let folder: string
let store: HistoryWriter
let night: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-exchange-'))
  store = new HistoryWriter(join(folder, 'history.sqlite'))
  night = store.beginCampaign({
    name: 'small',
    started: '2026-11-27T01:00:00.000Z',
    seed: 3,
    plan: { seeds: 2 },
  }).id
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

function fill(): void {
  store.record(placeOf(night), resultOf('ERROR', { run: '/a' }))
  store.record(placeOf(night, { attempt: 2 }), resultOf('FAIL', { run: '/b', findings: [findingOf('a')] }))
  store.record(placeOf(night, { cell: { ...cell, patches: ['x.patch'] } }), resultOf('PASS', { run: '/c' }))
  store.endCampaign(night, 'complete', '2026-11-27T02:00:00.000Z')
}

async function importInto(lines: Iterable<string>): Promise<HistoryWriter> {
  const file = join(folder, 'export.jsonl')
  writeFileSync(file, [...lines].map((line) => `${line}\n`).join(''))
  const other = new HistoryWriter(join(folder, 'other.sqlite'))
  await importLines(other, file).catch((error: unknown) => {
    other.close()
    throw error
  })
  return other
}

test('what was exported is imported as it was, and once', async () => {
  fill()
  const lines = [...exportLines(store)]
  const other = await importInto(lines)
  expect([...exportLines(other)]).toEqual(lines)
  expect([...other.runsOf(1)]).toEqual([...store.runsOf(night)])
  expect(await importLines(other, join(folder, 'export.jsonl'))).toEqual({ campaigns: 0, runs: 0, known: 3 })
  expect([...exportLines(other)]).toEqual(lines)
  other.close()
})

test('a night that has not ended is not exported: nobody else is to go on with it', () => {
  store.record(placeOf(night), resultOf('PASS'))
  expect([...exportLines(store)]).toHaveLength(1)
})

test.each([
  ['another file', ['{"other":1}'], 1],
  ['a broken line', ['{"fctorture":"history","schema":1}', '{"campaign":'], 2],
  ['a run without its night', ['HEAD', 'RUN'], 2],
])('%s is told with its line', async (_, told, line) => {
  fill()
  const all = [...exportLines(store)]
  const lines = told.map((text) => (text === 'HEAD' ? all[0]! : text === 'RUN' ? all[2]! : text))
  await expect(importInto(lines)).rejects.toMatchObject({
    code: 'FCT_IMPORT_INVALID',
    message: expect.stringContaining(`export.jsonl:${String(line)}: `) as string,
  })
})

const now = new Date('2026-11-27T00:00:00.000Z')

function runOn(day: string, kilobytes: number, ...signatures: string[]): string {
  const run = join(folder, 'runs', day, `run-${signatures.join('-')}`)
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, 'trace.dat'), Buffer.alloc(kilobytes * 1000, 1))
  const findings = signatures.map((signature) => findingOf(signature))
  const verdict = signatures.length > 0 ? 'FAIL' : 'PASS'
  const seed = Number(day.replaceAll('-', '')) * 10 + signatures.length
  store.record(
    placeOf(night, { seed, started: `${day}T01:00:00.000Z` }),
    resultOf(verdict, { run, findings }),
  )
  return run
}

async function prune(policy: { days: number; findingDays: number; gigabytes: number }): Promise<string[]> {
  const removed = await pruneRuns(store, { runs: join(folder, 'runs'), policy, now })
  for (const each of removed) expect(existsSync(each.folder)).toBe(false)
  return removed.map((each) => each.folder)
}

test('run folders go by age, those with findings later', async () => {
  const [old, found, ancient, young] = [
    runOn('2026-11-01', 1),
    runOn('2026-11-01', 1, 'a'),
    runOn('2025-11-01', 1, 'a'),
    runOn('2026-11-26', 1),
  ]
  expect((await prune({ days: 14, findingDays: 365, gigabytes: 1 })).sort()).toEqual([ancient, old].sort())
  expect([found, young].map((path) => existsSync(path))).toEqual([true, true])
  expect(existsSync(join(folder, 'runs', '2025-11-01'))).toBe(false)
})

test('and by size: nothing found first, the oldest first; the newest example of a signature stays', async () => {
  const example = runOn('2026-11-20', 400, 'a')
  const [first, second, third] = [
    runOn('2026-11-21', 400),
    runOn('2026-11-22', 400),
    runOn('2026-11-19', 400, 'a'),
  ]
  expect(await prune({ days: 14, findingDays: 365, gigabytes: 0.0013 })).toEqual([first])
  expect(await prune({ days: 14, findingDays: 365, gigabytes: 0.0001 })).toEqual([second, third])
  expect(existsSync(example)).toBe(true)
})

test('what stands elsewhere, and what is out, is not touched', async () => {
  const elsewhere = join(folder, 'mine')
  mkdirSync(elsewhere)
  store.record(placeOf(night, { started: '2020-01-01T00:00:00.000Z' }), resultOf('PASS', { run: elsewhere }))
  const out = join(folder, 'runs', 'night', '7-1')
  mkdirSync(out, { recursive: true })
  const dispatch = {
    campaign: night,
    cell,
    seed: 8,
    attempt: 1,
    started: '2020-01-01T00:00:00.000Z',
    job: { runs: out },
  }
  store.dispatch(dispatch)
  expect(await prune({ days: 1, findingDays: 1, gigabytes: 1 })).toEqual([])
  store.lose(dispatch)
  expect(await prune({ days: 1, findingDays: 1, gigabytes: 1 })).toEqual([out])
  expect(existsSync(elsewhere)).toBe(true)
})
