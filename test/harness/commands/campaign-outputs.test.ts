import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  addCampaignOutputOptions,
  checkCampaignOutputs,
  writeCampaignOutputs,
  type CampaignOutputOptions,
  type CampaignOutputs,
} from '../../../harness/commands/campaign-outputs.js'
import type { Notice } from '../../../harness/campaign/notice.js'
import { UsageError } from '../../../harness/fct-error.js'
import type { Campaign } from '../../../harness/store/history-records.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { cell, findingOf, placeOf, resultOf } from '../store/store-fixtures.js'

let folder = ''
let store: HistoryWriter

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-outputs-'))
  store = new HistoryWriter(join(folder, 'history.sqlite'))
})

afterEach(async () => {
  store.close()
  await rm(folder, { recursive: true })
})

function parse(...args: string[]): CampaignOutputOptions {
  return addCampaignOutputOptions(new Command().exitOverride()).parse(args, { from: 'user' }).opts()
}

/** Two kernels, four scenarios, three seeds; in GC02 on the second kernel each run finds what is named. */
function recordNight(day: number, planted: string | null, name = 'nightly'): Campaign {
  const started = `2026-11-${String(day)}T01:00:00.000Z`
  const { id } = store.beginCampaign({ name, started, seed: day, plan: {} })
  for (const kernel of ['debian:5.10', 'debian:6.1'])
    for (const scenario of ['CLOSE01', 'GC01', 'GC02', 'SHRINK01'])
      for (let seed = 0; seed < 3; seed++) {
        const isBad = planted !== null && kernel === 'debian:6.1' && scenario === 'GC02'
        const place = placeOf(id, { cell: { ...cell, kernel, scenario }, seed: 1000 * day + seed, started })
        const run = join(folder, `${kernel}-${scenario}-${String(place.seed)}`)
        store.record(
          place,
          isBad ? resultOf('FAIL', { run, findings: [findingOf(planted)] }) : resultOf('PASS', { run }),
        )
      }
  store.endCampaign(id, 'complete', `2026-11-${String(day)}T05:00:00.000Z`)
  return store.campaign(id)
}

function write(campaign: Campaign, ...args: string[]): Promise<CampaignOutputs> {
  return writeCampaignOutputs(store, campaign, parse(...args), { plan: 'plan.yaml' })
}

describe('the outputs of a night', () => {
  it('tell of a planted regression in the second of two nights, and of nothing else', async () => {
    const first = await write(recordNight(20, null))
    expect(first).toMatchObject({ exit: 0, deliveries: [], judgement: { nightsBefore: 0, findings: [] } })
    // A plan of another name is no night before this one.
    recordNight(21, 'leak: elsewhere', 'other')
    const file = (name: string): string => join(folder, name)
    const second = await write(
      recordNight(22, 'leak: planted'),
      ...['--junit', file('j.xml'), '--ktap', file('k.tap'), '--kcidb', file('k.json')],
      ...['--annotations', `gitlab:${file('quality.json')}`, '--notify', `mail:${file('mail')}`],
    )
    expect(second.exit).toBe(1)
    expect(second.judgement.nightsBefore).toBe(1)
    expect(second.judgement.findings).toMatchObject([
      {
        cell: 'debian:6.1 stock GC02 qemu',
        what: 'leak: planted',
        kind: 'new',
        tonight: { hits: 3, trials: 3 },
      },
    ])
    expect(second.deliveries).toEqual([{ way: `mail:${file('mail')}`, isDelivered: true, failures: [] }])
    expect(await readFile(file('j.xml'), 'utf8')).toContain(
      '<testsuites name="nightly" tests="24" failures="3"',
    )
    expect((await readFile(file('k.tap'), 'utf8')).split('\n').slice(0, 2)).toEqual([
      'KTAP version 1',
      '1..8',
    ])
    const kcidb = JSON.parse(await readFile(file('k.json'), 'utf8')) as { tests: { status: string }[] }
    expect(kcidb.tests.filter(({ status }) => status === 'FAIL')).toHaveLength(3)
    expect(JSON.parse(await readFile(file('quality.json'), 'utf8'))).toMatchObject([
      { location: { path: 'plan.yaml' } },
    ])
    expect(await readFile(file('mail'), 'utf8')).toContain('Subject: fctorture nightly: 1 new\r\n')
  })

  it('tell nobody when nothing changed, and end as they are asked to', async () => {
    recordNight(20, 'leak: planted')
    const again = recordNight(21, 'leak: planted')
    const mail = join(folder, 'mail')
    expect(await write(again, '--notify', `mail:${mail}`)).toMatchObject({ exit: 1, deliveries: [] })
    expect(await write(again, '--fail-on', 'new')).toMatchObject({ exit: 0 })
    await expect(readFile(mail)).rejects.toThrow('ENOENT')
  })

  it('judge a night that is not the last as it was then', async () => {
    recordNight(20, null)
    const second = recordNight(21, 'leak: planted')
    recordNight(22, 'leak: planted')
    expect((await write(second)).judgement).toMatchObject({ nightsBefore: 1, findings: [{ kind: 'new' }] })
  })

  it('that fail are 128, and stop no other; a FAIL stays one', async () => {
    const clean = recordNight(20, null)
    const ktap = join(folder, 'k.tap')
    expect((await write(clean, '--junit', '/nonexistent/j.xml', '--ktap', ktap)).exit).toBe(128)
    expect(await readFile(ktap, 'utf8')).toContain('ok 8 debian:6.1 stock SHRINK01 qemu')
    const bad = recordNight(21, 'leak: planted')
    const outputs = await write(bad, '--junit', '/nonexistent/j.xml', '--notify', 'exec:/nonexistent/program')
    expect(outputs).toMatchObject({ exit: 1, deliveries: [{ isDelivered: false }] })
    expect((await write(bad, '--fail-on', 'new', '--notify', 'exec:false')).exit).toBe(1)
  })

  it('reach a command as JSON', async () => {
    recordNight(20, null)
    const got = join(folder, 'got')
    process.env['FCT_TEST_GOT'] = got
    const { deliveries } = await write(recordNight(21, 'leak: planted'), '--notify', `exec:${await keeper()}`)
    expect(deliveries).toMatchObject([{ isDelivered: true }])
    const notice = JSON.parse(await readFile(got, 'utf8')) as Notice
    expect(notice.changes).toMatchObject([
      { what: 'leak: planted', kind: 'new', cell: 'debian:6.1 stock GC02 qemu' },
    ])
  })

  async function keeper(): Promise<string> {
    const path = join(folder, 'keeper')
    await writeFile(path, '#!/bin/sh\nexec cat > "$FCT_TEST_GOT"\n', { mode: 0o755 })
    return path
  }
})

describe('the options', () => {
  it('have defaults', () => {
    expect(parse()).toEqual({
      kcidbOrigin: 'fctorture',
      notify: [],
      notifyFrom: 'fctorture@localhost',
      notifyTo: 'root@localhost',
      failOn: 'any',
    })
    expect(parse('--annotations', 'gitlab').annotations).toEqual({
      kind: 'gitlab',
      file: 'gl-code-quality-report.json',
    })
    expect(parse('--notify', 'mail:a', '--notify', 'exec:b').notify).toHaveLength(2)
  })

  it.each([
    ['--annotations', 'bitbucket'],
    ['--annotations', 'gitlabel'],
    ['--kcidb-origin', 'Our CI'],
    ['--notify-to', 'a@b\r\nBcc: c@d'],
    ['--fail-on', 'old'],
  ])('%s %s is refused', (...args) => {
    const quiet = addCampaignOutputOptions(
      new Command().exitOverride().configureOutput({ writeErr: () => undefined }),
    )
    expect(() => quiet.parse(args, { from: 'user' })).toThrow()
  })

  it('give stdout to one document', () => {
    expect(() => checkCampaignOutputs(parse('--junit', '-'), false)).not.toThrow()
    expect(() => checkCampaignOutputs(parse('--junit', '-'), true)).toThrow(UsageError)
    expect(() => checkCampaignOutputs(parse('--ktap', '-', '--notify', 'mail:-'), false)).toThrow(UsageError)
  })
})
