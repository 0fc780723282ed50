import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockCampaigns } from '../../../harness/store/campaign-lock.js'
import { openDatabase } from '../../../harness/store/database.js'
import { migrations } from '../../../harness/store/history-schema.js'
import { HistoryReader } from '../../../harness/store/history.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { findingOf, placeOf, resultOf } from './store-fixtures.js'

let folder: string
let path: string
const began = { name: 'small', started: '2026-11-27T01:00:00.000Z', seed: 1, plan: {} }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-database-'))
  path = join(folder, 'history.sqlite')
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test.each([
  ['reads', HistoryReader],
  ['writes', HistoryWriter],
] as const)('whoever %s brings a store of version 1 to the newest, with all that it holds', (_, Opened) => {
  const old = new Database(path)
  old.exec(migrations[0]!)
  old.pragma('user_version = 1')
  old.exec(`INSERT INTO campaign VALUES (1, 'k', 'old', '2026-01-01T00:00:00.000Z', NULL, NULL, 3, '{}')`)
  old.close()
  const store = new Opened(path)
  expect(store.campaigns()).toMatchObject([{ key: 'k', name: 'old', seed: 3 }])
  expect(store.latestCampaign('old')).toMatchObject({ id: 1, ended: null })
  store.close()
  const raw = new Database(path)
  expect(raw.pragma('user_version', { simple: true })).toBe(migrations.length)
  raw.close()
})

test('a step that fails leaves the store as it was', () => {
  const old = new Database(path)
  // The first step cannot make this table once more.
  old.exec('CREATE TABLE run (mine TEXT)')
  old.close()
  expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: 'FCT_STORE_FAILED' }))
  const raw = new Database(path)
  expect(raw.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'run' }])
  raw.close()
})

test('a store of a newer release is left alone', () => {
  const raw = new Database(path)
  raw.pragma(`user_version = ${String(migrations.length + 1)}`)
  raw.close()
  expect(() => new HistoryWriter(path)).toThrow(expect.objectContaining({ code: 'FCT_STORE_NEWER' }))
})

test('a reader that finds no store says so, and makes none', () => {
  expect(() => new HistoryReader(path)).toThrow(expect.objectContaining({ code: 'FCT_STORE_MISSING' }))
  expect(() => readFileSync(path)).toThrow('ENOENT')
})

test.each([
  ['is no database', () => Buffer.from('this is not SQLite, '.repeat(500))],
  [
    'has pages that are damaged',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, 200), Buffer.alloc(whole.length - 200, 0xa5)]),
  ],
])('a file that %s is told, and stays as it is', (_, damage) => {
  const store = new HistoryWriter(path)
  const night = store.beginCampaign(began)
  for (let seed = 0; seed < 200; seed++)
    store.record(
      placeOf(night.id, { seed }),
      resultOf('FAIL', { run: `/${String(seed)}`, findings: [findingOf('a')] }),
    )
  store.close()
  writeFileSync(path, damage(readFileSync(path)))
  copyFileSync(path, `${path}.before`)
  const use = (): void => {
    const broken = new HistoryWriter(path)
    try {
      broken.beginCampaign(began)
    } finally {
      broken.close()
    }
  }
  expect(use).toThrow(expect.objectContaining({ code: 'FCT_STORE_CORRUPT' }))
  expect(readFileSync(path).equals(readFileSync(`${path}.before`))).toBe(true)
})

test('a writer waits for another one, and says so if that takes too long', () => {
  const first = new HistoryWriter(path)
  const night = first.beginCampaign(began)
  const raw = new Database(path)
  raw.exec('BEGIN IMMEDIATE')
  const second = new HistoryWriter(path, { busyMs: 50 })
  const record = (): number => second.record(placeOf(night.id), resultOf('PASS'))
  expect(record).toThrow(expect.objectContaining({ code: 'FCT_STORE_BUSY' }))
  raw.exec('ROLLBACK')
  expect(record()).toBe(1)
  for (const each of [first, second, raw]) each.close()
})

test('two that write in turns lose nothing', () => {
  const [one, other] = [new HistoryWriter(path), new HistoryWriter(path)]
  const night = one.beginCampaign(began)
  for (let seed = 0; seed < 100; seed++)
    (seed % 2 === 0 ? one : other).record(
      placeOf(night.id, { seed }),
      resultOf('PASS', { run: `/${String(seed)}` }),
    )
  expect([...one.runsOf(night.id)]).toHaveLength(100)
  one.close()
  other.close()
})

test('one campaign at a time', () => {
  const unlock = lockCampaigns(path)
  expect(() => lockCampaigns(path)).toThrow(expect.objectContaining({ code: 'FCT_CAMPAIGN_BUSY' }))
  unlock()
  lockCampaigns(path)()
})
