import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { parsePlan } from '../../harness/campaign/plan.js'
import { openNight, runCampaign } from '../../harness/campaign/run-campaign.js'
import { SlurmExecutor, type SlurmOptions } from '../../harness/campaign/slurm-executor.js'
import { packageRoot } from '../../harness/folders.js'
import type { HistoryRun, ProgressEvent } from '../../harness/store/history-records.js'
import { HistoryReader } from '../../harness/store/history.js'
import { HistoryWriter } from '../../harness/store/history-writer.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { packEntries } from '../../vms/cache-parcel.js'
import { obtain } from '../../vms/cache.js'
import { startSlurm, type SlurmCluster } from '../slurm-cluster.js'
import { thing } from './inside/thing.js'

let cluster: SlurmCluster
/** Small cells instead of guests; packages are found from there. */
const program = join(packageRoot, 'test-results', `small-cell-${String(process.pid)}.mjs`)
let folder: string

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, 'inside', 'small-cell.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: program },
  })
  cluster = await startSlurm()
  for (const [name, value] of Object.entries(cluster.env)) vi.stubEnv(name, value)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await cluster.end()
  rmSync(program, { force: true })
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fct slurm $(touch 'oops')-"))
  mkdirSync(join(folder, 'control'))
  writeFileSync(join(folder, 'control', 'log'), '')
})

afterEach(async () => {
  release('n1')
  release('n2')
  await vi.waitFor(async () => expect(await queue()).toEqual([]), { timeout: 60_000, interval: 500 })
  rmSync(folder, { recursive: true })
})

const small = (scenarios = 'CLOSE01, SHRINK01', seeds = 4): string => `name: small
kernels: [debian:6.1]
scenarios: [${scenarios}]
seeds: ${seeds}
time: 10
`

interface Night {
  readonly runs: readonly HistoryRun[]
  readonly events: readonly ProgressEvent[]
  readonly said: readonly string[]
}

async function night(
  text: string,
  { signal = new AbortController().signal, ...change }: Partial<SlurmOptions> & { signal?: AbortSignal } = {},
): Promise<Night> {
  const plan = parsePlan(text, join(folder, 'plan.yaml'))
  const store = new HistoryWriter(join(folder, 'history.sqlite'))
  const [events, said]: [ProgressEvent[], string[]] = [[], []]
  try {
    const campaign = openNight(plan, store, { fresh: false, now: new Date() })
    const executor = new SlurmExecutor({
      ...{ spool: join(folder, 'spool'), slots: 8, minutesBesideLoad: 5 },
      command: [process.execPath, program, join(folder, 'control')],
      say: (line) => said.push(line),
      pace: { look: 200, grace: 3000, silence: 60_000 },
      ...change,
    })
    const observer = { onEvent: (event: ProgressEvent) => events.push(event) }
    await runCampaign(plan, campaign, { store, executor, runs: join(folder, 'runs'), signal, observer })
    return { runs: [...store.runsOf(campaign.id)], events, said }
  } finally {
    store.close()
  }
}

/** "begin CLOSE01 SEED ATTEMPT NODE", "end ..." */
function log(what = ''): string[] {
  return readFileSync(join(folder, 'control', 'log'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(what) && line !== '')
}

function hold(node: string): void {
  writeFileSync(join(folder, 'control', `hold-${node}`), '')
}

function release(node: string): void {
  rmSync(join(folder, 'control', `hold-${node}`), { force: true })
}

async function queue(): Promise<string[]> {
  const { stdout } = await execa('squeue', ['-h', '-r', '-o', '%i %T %N'])
  return stdout.split('\n').filter(Boolean)
}

/** It takes a turn until the campaign has taken it up, and a look until the spool is clear; eight cells start Node at once. */
function seen(act: () => void | Promise<void>, timeout = 150_000): Promise<void> {
  return vi.waitFor(act, { timeout, interval: 100 })
}

async function spoolIsClear(): Promise<void> {
  await seen(() => {
    expect(readdirSync(join(folder, 'spool'))).toEqual([])
  })
}

function expectEachOnce(runs: readonly HistoryRun[], count: number): void {
  expect(runs).toHaveLength(count)
  expect(new Set(runs.map(({ seed }) => seed)).size).toBe(count)
  for (const run of runs) {
    expect(run).toMatchObject({ counts: true, verdict: run.cell.scenario === 'SHRINK01' ? 'FAIL' : 'PASS' })
    expect(existsSync(join(run.folder, 'verdict.json'))).toBe(true)
  }
}

const nodesOf = (lines: readonly string[]): string[] =>
  [...new Set(lines.map((line) => line.split(' ').at(-1)!))].sort()

test('a night is an array, its cells run on both nodes, and all that they leave comes home', async () => {
  const { runs, events } = await night(small(), { constraint: 'both', cache: '/var/tmp/a, b' })
  expectEachOnce(runs, 8)
  expect(nodesOf(log('begin'))).toEqual(['n1', 'n2'])
  expect(log('begin')).toHaveLength(8)
  for (const run of runs) {
    expect(run.seconds).toBe(0.5)
    expect(readFileSync(join(run.folder, 'console.log'), 'utf8')).toBe('/var/tmp/a, b\n')
  }
  expect(events.filter(({ kind }) => kind === 'phase').length).toBeGreaterThan(0)
  const { stdout } = await execa('squeue', ['-h', '-t', 'all', '-r', '-o', '%F %T'])
  expect([...new Set(stdout.split('\n'))]).toEqual([expect.stringMatching(/^\d+ COMPLETED$/)])
  await spoolIsClear()
})

test('nodes whose caches are their own get what cells need, once each, and make nothing', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache of this host'))
  const made = vi.fn(() => () => undefined)
  const { signal } = new AbortController()
  const entry = await obtain(thing, { announce: made, signal })
  mkdirSync(join(entry, '..', '..', 'resolved'))
  writeFileSync(join(entry, '..', '..', 'resolved', 'name.json'), '["package=1"]')
  const pack = () => packEntries([entry], join(folder, 'spool', 'parcels'), signal)
  try {
    const { runs } = await night(small(), { pack, cache: join(cluster.local, "a 'cache'") })
    expectEachOnce(runs, 8)
  } finally {
    vi.unstubAllEnvs()
    for (const [name, value] of Object.entries(cluster.env)) vi.stubEnv(name, value)
  }
  expect(made).toHaveBeenCalledTimes(1)
  expect(log('made')).toEqual([])
  expect(nodesOf(log('has all'))).toEqual(['n1', 'n2'])
  expect(log('has all')).toHaveLength(8)
  // They have it in their own caches, and nowhere else.
  expect(readdirSync(cluster.local)).toEqual([])
  await seen(() => {
    expect(readdirSync(join(folder, 'spool'))).toEqual(['parcels'])
  })
  expect(readdirSync(join(folder, 'spool', 'parcels'))).toEqual([
    expect.stringMatching(/^[0-9a-f]{16}\.tar$/),
  ])
})

test('a constraint keeps cells to the nodes that have it', async () => {
  expectEachOnce((await night(small(), { constraint: 'n2' })).runs, 8)
  expect(nodesOf(log())).toEqual(['n2'])
})

test('what the cluster cannot have is said at once, and nothing stays behind', async () => {
  await expect(night(small(), { constraint: 'kvm' })).rejects.toMatchObject({ code: 'FCT_SLURM_REFUSED' })
  expect(readdirSync(join(folder, 'spool'))).toEqual([])
  await expect(night(small(), { spool: join(folder, 'history.sqlite') })).rejects.toMatchObject({
    code: 'FCT_STORE_FAILED',
  })
})

test('a name with all that a shell would take for its own is only a name', async () => {
  const scenario = `'$(touch ${folder}/oops) ; \`touch oops\` "%a" \\'.yaml`
  const path = join(folder, scenario)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, readFileSync(join(packageRoot, 'harness', 'scenario', 'catalogue', 'CLOSE01.yaml')))
  const { runs } = await night(small(JSON.stringify(scenario), 1))
  expect(runs.map(({ cell }) => cell.scenario)).toEqual([scenario])
  expect(readdirSync(folder).filter((name) => name === 'oops')).toEqual([])
})

test('a node is killed: Slurm begins its cells again on the other one, and the night has each once', async () => {
  hold('n1')
  const going = night(small())
  await seen(() => expect(log('begin')).toHaveLength(8))
  const lost = log('begin').filter((line) => line.endsWith(' n1'))
  expect(lost.length).toBeGreaterThan(0)
  await cluster.kill('n1')
  const began = performance.now()
  expectEachOnce((await going).runs, 8)
  console.log(
    `${String(lost.length)} cells of a killed node done elsewhere after ${((performance.now() - began) / 1000).toFixed(0)} s`,
  )
  for (const line of lost) expect(log('end')).toContain(line.replace('begin', 'end').replace('n1', 'n2'))
  expect(log('begin')).toHaveLength(8 + lost.length)
  await spoolIsClear()
  await cluster.start('n1')
})

test('a node that was taken for dead ends its cells all the same: that is taken, and the attempts elsewhere are cancelled', async () => {
  hold('n1')
  hold('n2')
  const going = night(small('CLOSE01', 2), { constraint: 'n1|n2' })
  await seen(() => expect(log('begin')).toHaveLength(2))
  expect(nodesOf(log('begin'))).toEqual(['n1'])
  cluster.freeze('n1')
  await seen(() => expect(log('begin').filter((line) => line.endsWith(' n2'))).toHaveLength(2))
  release('n1')
  expectEachOnce((await going).runs, 2)
  await spoolIsClear()
  release('n2')
  expect(nodesOf(log('end'))).toEqual(['n1'])
  await cluster.kill('n1')
  await cluster.start('n1')
})

test('an element that somebody cancels is lost, and the campaign hands it out again', async () => {
  hold('n1')
  const going = night(small('CLOSE01', 1), { constraint: 'n1' })
  await seen(() => expect(log('begin')).toHaveLength(1))
  const [id = ''] = (await queue())[0]!.split(' ')
  await execa('scancel', [id])
  // Not before it has ended: it would do its cell.
  await seen(async () => expect((await queue()).filter((line) => line.startsWith(`${id} `))).toEqual([]))
  release('n1')
  const { runs, events, said } = await going
  expect(runs.map(({ attempt, verdict }) => [attempt, verdict])).toEqual([[2, 'PASS']])
  expect(events.some(({ kind }) => kind === 'run-lost')).toBe(true)
  expect(said).toEqual([expect.stringMatching(/^slurm: nothing came of CLOSE01, seed \d+: CANCELLED on n1$/)])
})

test('a user who stops the night stops its elements', async () => {
  hold('n1')
  hold('n2')
  const controller = new AbortController()
  const going = night(small(), { signal: controller.signal })
  await seen(() => expect(log('begin')).toHaveLength(8))
  controller.abort(new Error('stopped'))
  await expect(going).rejects.toThrow('stopped')
  await seen(async () => expect(await queue()).toEqual([]))
  await spoolIsClear()
  expect(log('end')).toEqual([])
})

test('`fctorture nightly --executor slurm`, killed while cells run, takes them up with the same command', async () => {
  const [plan, store, shim] = ['plan.yaml', 'history.sqlite', 'fctorture'].map((name) => join(folder, name))
  writeFileSync(plan!, small())
  writeFileSync(
    shim!,
    `#!${process.execPath}\nprocess.argv.splice(2, 0, ${JSON.stringify(join(folder, 'control'))})\nimport(${JSON.stringify(program)})\n`,
  )
  chmodSync(shim!, 0o755)
  const start = () => {
    const cli = join(packageRoot, 'harness', 'fctorture.mjs')
    const where = ['--store', store!, '--runs', join(folder, 'runs'), '--slurm-folder', join(folder, 'spool')]
    const args = [cli, 'nightly', plan!, '--json', '--executor', 'slurm', '--slurm-program', shim!, ...where]
    return execa(process.execPath, args, { reject: false })
  }
  hold('n2')
  const killed = start()
  await seen(() => {
    expect(log('begin')).toHaveLength(8)
    const reader = new HistoryReader(store!)
    const recorded = [...reader.runsOf(reader.latestCampaign()!.id)].length
    reader.close()
    expect(recorded).toBe(log('end').length)
  })
  killed.kill('SIGKILL')
  expect(await killed).toMatchObject({ signal: 'SIGKILL' })
  release('n2')
  const { exitCode, stdout, stderr } = await start()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 })
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'FAIL', campaign: { outcome: 'complete' } })
  expect(log('begin')).toHaveLength(8)
  const reader = new HistoryReader(store!)
  expectEachOnce([...reader.runsOf(reader.latestCampaign()!.id)], 8)
  reader.close()
  await spoolIsClear()
})

test('guests are started on nodes that have nothing but what `--slurm-ship` sends them', async () => {
  const [plan, store] = ['plan.yaml', 'history.sqlite'].map((name) => join(folder, name))
  writeFileSync(plan!, 'name: guests\nkernels: [debian:6.1]\nscenarios: [CLOSE01]\nseeds: 2\ntime: 5\n')
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const where = ['--store', store!, '--runs', join(folder, 'runs'), '--slurm-folder', join(folder, 'spool')]
  const nodes = ['--slurm-ship', '--slurm-cache', join(cluster.local, 'guests')]
  const args = [cli, 'nightly', plan!, '--json', '--executor', 'slurm', ...nodes, ...where]
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, { reject: false })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'PASS', campaign: { outcome: 'complete' } })
  const reader = new HistoryReader(store!)
  const runs = [...reader.runsOf(reader.latestCampaign()!.id)]
  reader.close()
  expect(runs).toHaveLength(2)
  for (const { verdict, folder: run } of runs) {
    expect(verdict).toBe('PASS')
    const { events } = JSON.parse(readFileSync(join(run, 'verdict.json'), 'utf8')) as ResultDocument
    expect(events.read).toBeGreaterThan(0)
    expect(existsSync(join(run, 'trace.dat'))).toBe(true)
  }
  await seen(() => {
    expect(readdirSync(join(folder, 'spool'))).toEqual(['parcels'])
  })
})
