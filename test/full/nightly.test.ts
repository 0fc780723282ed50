import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import type { NightJudgement } from '../../harness/campaign/judge-nights.js'
import type { NightSummary } from '../../harness/campaign/night-summary.js'
import { packageRoot } from '../../harness/folders.js'
import { HistoryReader } from '../../harness/store/history.js'
import { kcidbConstraints } from '../harness/export/kcidb-constraints.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-nightly-'))
const store = join(folder, 'history.sqlite')
const plan = join(folder, 'plan.yaml')
const cli = join(packageRoot, 'harness', 'fctorture.mjs')
const regression = 'sync-close-frees-held'
const planted = join(packageRoot, 'vms', 'regressions', regression, '6.12.patch')

afterAll(() => {
  rmSync(folder, { recursive: true })
})

function writePlan(patches: readonly string[]): void {
  const patched = patches.length === 0 ? '' : `, patches: [${patches.join(', ')}]`
  writeFileSync(
    plan,
    `name: two kernels
kernels: [debian:6.1, { kernel: 'debian:6.12', as: next${patched} }]
scenarios: [CLOSE01, ACQUIRE01, SHRINK01, DISPOSE01]
seeds: 3
time: 3
`.replace('two kernels', 'two-kernels'),
  )
}

function night(...more: string[]) {
  const args = [cli, 'nightly', plan, '--json', '--store', store, '--runs', join(folder, 'runs'), ...more]
  return execa(process.execPath, args, { reject: false })
}

function validator() {
  const ajv = new Ajv({ allErrors: true })
  addFormats.default(ajv)
  return ajv.compile(kcidbConstraints)
}

function read<T>(act: (reader: HistoryReader) => T): T {
  const reader = new HistoryReader(store)
  try {
    return act(reader)
  } finally {
    reader.close()
  }
}

test('the first night finds nothing', async () => {
  writePlan([])
  const { exitCode, stdout, stderr } = await night()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  const summary = JSON.parse(stdout) as NightSummary
  expect(summary).toMatchObject({
    verdict: 'PASS',
    findings: [],
    notRun: [],
    campaign: { outcome: 'complete' },
  })
  expect(
    read((reader) => [...reader.runsOf(summary.campaign.id)].filter(({ counts }) => counts)),
  ).toHaveLength(24)
})

test('the second one finds the regression that was planted, and nothing in the other kernel', async () => {
  writePlan([planted])
  const [junit, ktap, kcidb] = ['night.xml', 'night.ktap', 'night.json'].map((name) => join(folder, name))
  const { exitCode, stdout } = await night('--junit', junit!, '--ktap', ktap!, '--kcidb', kcidb!)
  expect(exitCode).toBe(1)
  await execa('python3', ['-c', 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])', junit!])
  expect(readFileSync(ktap!, 'utf8')).toMatch(/^KTAP version 1\n1\.\.\d+\n/)
  const validate = validator()
  expect(validate(JSON.parse(readFileSync(kcidb!, 'utf8'))), JSON.stringify(validate.errors)).toBe(true)
  const summary = JSON.parse(stdout) as NightSummary & { judgement: NightJudgement }
  const { findings, troubles } = summary.judgement
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['new']))
  expect(troubles).toEqual([])
  const text = readFileSync(planted, 'utf8')
  const [rule, also] = ['Rule', 'Also'].map(
    (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '',
  )
  const expected = [rule!, ...also!.split(', ')]
  expect(summary.findings.map((each) => each.rule)).toContain(rule)
  for (const finding of summary.findings) {
    expect(expected).toContain(finding.rule)
    for (const cell of finding.cells) expect(cell).toMatch(/^next /)
  }
  const site = join(folder, 'site')
  await execa(process.execPath, [cli, 'report', '--site', site, '--history', store])
  const pages = readdirSync(site).map((name) => readFileSync(join(site, name), 'utf8'))
  for (const { signature } of summary.findings)
    expect(pages.filter((page) => page.includes(signature)).length).toBeGreaterThan(1)
})

test('the third one, killed while it runs, goes on with the same command and repeats nothing', async () => {
  writePlan([])
  const running = night()
  let runs = 0
  running.stderr.on('data', (chunk: Buffer) => {
    // A few are done, and another one has its guest.
    runs += chunk
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('[')).length
    if (runs >= 5) running.kill('SIGKILL')
  })
  expect(await running).toMatchObject({ signal: 'SIGKILL' })
  const campaign = read((reader) => reader.latestCampaign())!
  const done = read((reader) => [...reader.runsOf(campaign.id)])
  expect(done.length).toBeGreaterThanOrEqual(4)
  const { exitCode, stdout, stderr } = await night()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect((JSON.parse(stdout) as NightSummary).campaign).toMatchObject({
    id: campaign.id,
    outcome: 'complete',
  })
  const all = read((reader) => [...reader.runsOf(campaign.id)])
  expect(all.slice(0, done.length)).toEqual(done)
  const counted = all.filter(({ counts }) => counts)
  expect(counted).toHaveLength(24)
  expect(new Set(counted.map(({ seed }) => seed)).size).toBe(24)
})
