import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cellKey, type Campaign } from '../../../harness/store/history-records.js'
import { HistoryReader } from '../../../harness/store/history.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { cell, findingOf, placeOf, resultOf } from './store-fixtures.js'

let folder: string
let store: HistoryWriter
let night: Campaign

const began = { name: 'small', started: '2026-11-27T01:00:00.000Z', seed: 2 ** 52, plan: { seeds: 3 } }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-history-'))
  store = new HistoryWriter(join(folder, 'deep', 'history.sqlite'))
  night = store.beginCampaign(began)
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

test('what was recorded is read as it was', () => {
  const result = resultOf('FAIL', { findings: [findingOf('use-at-zero: put', 3)] })
  const id = store.record(placeOf(night.id), result)
  const { events, exposure, reasons, guestSeconds, run, kernel } = result
  expect([...store.runsOf(night.id)]).toEqual([
    {
      ...placeOf(night.id),
      ...{ id, verdict: 'FAIL', counts: true, folder: run, events, exposure, reasons, guestSeconds },
      ...{ kernelHash: kernel.hash, kernelRelease: kernel.release, flavour: kernel.flavour },
    },
  ])
  expect(store.documentOf(id)).toEqual(result)
  const finding = {
    run: id,
    rule: 'use-at-zero',
    signature: 'use-at-zero: put',
    count: 3,
    firstGuestSecond: 1.5,
  }
  expect(store.findingsOf(id)).toMatchObject([finding])
  expect([...store.findingsBySignature('use-at-zero: put')]).toMatchObject([finding])
  expect([...store.runsOfCell(cellKey(cell))]).toMatchObject([{ id }])
})

test('a campaign is open until it ends, and ends once', () => {
  expect([...store.campaigns()]).toEqual([
    { ...began, id: night.id, key: night.key, ended: null, outcome: null },
  ])
  store.endCampaign(night.id, 'budget', '2026-11-27T02:00:00.000Z')
  store.endCampaign(night.id, 'complete', '2026-11-27T03:00:00.000Z')
  expect(store.latestCampaign('small')).toMatchObject({
    ended: '2026-11-27T02:00:00.000Z',
    outcome: 'budget',
  })
  expect(store.latestCampaign('other')).toBeUndefined()
})

test('of all attempts at a seed the first that is no ERROR counts, and what any of them found is kept', () => {
  const attempt = (number: number, ...told: Parameters<typeof resultOf>): number =>
    store.record(
      placeOf(night.id, { attempt: number }),
      resultOf(told[0], { run: `/runs/${String(number)}`, ...told[1] }),
    )
  attempt(1, 'ERROR')
  attempt(3, 'PASS')
  attempt(2, 'FAIL', { findings: [findingOf('late')] })
  expect([...store.runsOf(night.id)].map((run) => [run.attempt, run.verdict, run.counts])).toEqual([
    [1, 'ERROR', false],
    [3, 'PASS', true],
    [2, 'FAIL', false],
  ])
  expect([...store.findingsBySignature('late')]).toHaveLength(1)
})

test('two documents of one attempt, as of a job that was requeued, do not both count', () => {
  store.record(placeOf(night.id), resultOf('PASS', { run: '/runs/first' }))
  store.record(placeOf(night.id), resultOf('PASS', { run: '/runs/second' }))
  expect([...store.runsOf(night.id)].map(({ counts }) => counts)).toEqual([true, false])
})

test('one document that comes twice is kept once', () => {
  const twice = [1, 2].map(() => store.record(placeOf(night.id), resultOf('PASS')))
  expect(twice[0]).toBe(twice[1])
  expect([...store.runsOf(night.id)]).toHaveLength(1)
})

test('findings of one signature in one run are one finding', () => {
  const id = store.record(
    placeOf(night.id),
    resultOf('FAIL', { findings: [findingOf('a', 2), findingOf('a', 5)] }),
  )
  expect(store.findingsOf(id)).toMatchObject([{ count: 7 }])
})

test('iterators read on in pages while the same process writes', () => {
  for (let seed = 0; seed < 1200; seed++)
    store.record(placeOf(night.id, { seed }), resultOf('PASS', { run: `/runs/${String(seed)}` }))
  let seen = 0
  for (const run of store.runsOf(night.id)) {
    if (run.seed === 0)
      store.record(placeOf(night.id, { seed: 5000 }), resultOf('PASS', { run: '/runs/meanwhile' }))
    seen++
  }
  expect(seen).toBe(1201)
})

test('signatures are summed over nights and kernels', () => {
  const later = placeOf(night.id, {
    seed: 8,
    started: '2026-11-28T01:00:00.000Z',
    cell: { ...cell, kernel: 'debian:6.12' },
  })
  store.record(placeOf(night.id), resultOf('FAIL', { findings: [findingOf('a'), findingOf('b')] }))
  store.record(later, resultOf('FAIL', { run: '/runs/later', findings: [findingOf('a')] }))
  expect(store.signatures()).toEqual([
    {
      signature: 'a',
      rule: 'a',
      runs: 2,
      firstSeen: placeOf(0).started,
      lastSeen: later.started,
      kernels: ['debian:6.1', 'debian:6.12'],
    },
    {
      signature: 'b',
      rule: 'b',
      runs: 1,
      firstSeen: placeOf(0).started,
      lastSeen: placeOf(0).started,
      kernels: ['debian:6.1'],
    },
  ])
})

test('a reader in another place follows what is told, and load goes when its run does', () => {
  const reader = new HistoryReader(store.path)
  const place = { cell: cellKey(cell), seed: 7, attempt: 1 }
  store.tell(night.id, { kind: 'run-started', loadSeconds: 3, ...place })
  const [first] = reader.progressAfter(0)
  expect(first).toMatchObject({
    campaign: night.id,
    event: { kind: 'run-started', loadSeconds: 3, ...place },
  })
  store.tell(night.id, {
    kind: 'load',
    rates: { seconds: 1, clients: 100, stressors: { close: 5 }, traceBytes: 4096 },
    ...place,
  })
  expect(reader.progressAfter(first!.id).map(({ event }) => event.kind)).toEqual(['load'])
  store.tell(night.id, { kind: 'run-ended', verdict: 'PASS', run: 1, ...place })
  expect(reader.progressAfter(0).map(({ event }) => event.kind)).toEqual(['run-started', 'run-ended'])
  reader.close()
})

test('what was handed out stays open until something comes of it', () => {
  const out = (seed: number) => ({
    campaign: night.id,
    cell,
    seed,
    attempt: 1,
    started: began.started,
    job: { seed },
  })
  for (const seed of [7, 8]) store.dispatch(out(seed))
  store.refer(out(8), 'job 12')
  expect(store.openDispatches(night.id)).toEqual([
    { ...out(7), reference: null },
    { ...out(8), reference: 'job 12' },
  ])
  store.record(placeOf(night.id), resultOf('PASS'))
  store.lose(out(8))
  expect(store.openDispatches(night.id)).toEqual([])
  expect(store.attempts(night.id)).toEqual(
    new Map([
      [`${cellKey(cell)} 7`, 1],
      [`${cellKey(cell)} 8`, 1],
    ]),
  )
})

test('keys are text without white space, and different cells have different ones', () => {
  const odd = { ...cell, kernel: 'tree:a b', patches: ['100 %.patch'] }
  expect(cellKey(odd)).toBe('tree:a%20b stock CLOSE01 qemu +100%20%25.patch')
})
