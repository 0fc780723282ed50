import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkRecording, type CheckOptions } from '../../../harness/commands/check.js'
import { packageRoot } from '../../../harness/folders.js'
import type { CheckDocument } from '../../../harness/verdict/recording.js'
import { summarizeCheck } from '../../../harness/report/check-summary.js'
import { fixturesFolder } from '../fixtures.js'
import { lossyTrace } from '../export/lossy-trace.js'
import { writeRecording } from './recordings.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
const console = join(fixturesFolder('consoles'), 'clean-boot.txt')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-check-'))
})

afterAll(() => rm(folder, { recursive: true }))

function check(...args: string[]) {
  return execa(process.execPath, [cli, 'check', ...args], { reject: false, env: { NO_COLOR: '1' } })
}

/** As the command does, without a process of its own. */
async function checkHere(file: string, options: Partial<CheckOptions> = {}): Promise<CheckDocument> {
  const { document } = await checkRecording(file, { flavour: 'auto', ...options })
  return document
}

/** A run's folder with a trace, as a run of that verdict leaves it. */
async function writeRun(name: string, verdict: object | null, options = {}): Promise<string> {
  const run = join(folder, name)
  await mkdir(run)
  await writeRecording(join(run, 'trace.dat'), options)
  await writeFile(join(run, 'console.log'), await readFile(console))
  const scenario = { name: 'CLOSE01', stressors: { close: {}, gc: {} } }
  await writeFile(join(run, 'run.json'), JSON.stringify({ schema: 1, scenario, seed: '42' }))
  if (verdict !== null) await writeFile(join(run, 'verdict.json'), JSON.stringify({ ...sound, ...verdict }))
  return run
}

const sound = {
  schema: 1,
  verdict: 'PASS',
  events: { produced: 570, read: 570, lost: 0, unexplained: 0 },
  stressors: { close: { called: 9, useful: 3, raced: 1 } },
  exposure: { 'close*acquire': 300 },
  reasons: [],
}

describe("a recording with the module's events", () => {
  it('is a PASS only with the console, and then says what that is worth', async () => {
    const file = await writeRecording(join(folder, 'sound.dat'))
    const document = await checkHere(file, { console })
    expect(document).toMatchObject({
      schema: 1,
      verdict: 'PASS',
      exit: 0,
      file,
      run: null,
      flavour: { id: 'lru-holds-ref' },
      key: 'nfsd_file',
      clock: 'counter',
      events: { produced: 570, read: 570, lost: 0, unexplained: 0, judged: 285 },
      lives: { begun: 47, ended: 21, cutByGaps: 0 },
      findings: [],
      reasons: [],
    })
    expect(document.exit).toBe(0)
    const printed = await check(file, '--console', console, '--json')
    expect(printed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(printed.stdout)).toEqual(document)
    expect(summarizeCheck(document)).toContain(
      '21 lives broke no rule; a failure rate per life above 1.4e-1 is excluded at 95 %',
    )
    const alone = await checkHere(file)
    expect(alone.exit).toBe(125)
    expect(alone.reasons).toMatchObject([
      { code: 'FCT_ORACLE_NOT_APPLIED', message: expect.stringContaining('there is no console') as string },
    ])
  })

  it('is a FAIL with the object named and its evidence, where one was freed while held', async () => {
    const file = await writeRecording(join(folder, 'held.dat'), { freedAt: 2 })
    const document = await checkHere(file)
    expect(document.findings).toMatchObject([
      {
        rule: 'free-at-zero',
        count: 1,
        firstGuestSecond: 15.792,
        object: '0xff34d96385df6d28#1',
        evidence: expect.stringContaining('freed while the count was 2') as string,
      },
    ])
    expect(document.exit).toBe(1)
    const { exitCode, stdout } = await check(file)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^ FAIL {2}/)
    expect(stdout).toContain('1. free-at-zero: nfsd_file_free after nfsd_file_put once at 15.8 s')
  })

  it('is no PASS where events were lost, marked in the pages or by the counters alone', async () => {
    await lossyTrace(folder)
    const marked = await checkHere(join(folder, 'lossy.dat'), { console, flavour: 'lru-holds-ref' })
    expect(marked.exit).toBe(125)
    expect(marked.reasons.map(({ code }) => code)).toContain('FCT_ORACLE_GAP')
    const file = await writeRecording(join(folder, 'overrun.dat'), { lost: 12 })
    const document = await checkHere(file, { console })
    expect(document.exit).toBe(125)
    expect(document.events).toMatchObject({ produced: 582, lost: 12, unexplained: 0 })
    expect(document.reasons).toMatchObject([
      { code: 'FCT_ORACLE_GAP', message: expect.stringContaining('nobody knows where') as string },
      { code: 'FCT_TRACE_LOST', message: '12 events were lost in the ring buffer' },
      { code: 'FCT_CHECK_TOO_LITTLE' },
    ])
  })

  it('is no PASS where nobody can say what was lost', async () => {
    const file = await writeRecording(join(folder, 'uncounted.dat'), { lost: null })
    const document = await checkHere(file, { console })
    expect(document.exit).toBe(125)
    expect(document.events.produced).toBeNull()
    expect(document.reasons.map(({ code }) => code)).toContain('FCT_TRACE_UNACCOUNTED')
  })

  it('of an unknown flavour is judged by the console alone, unless the flavour is said', async () => {
    const file = join(fixturesFolder('trace-dat'), 'zlib.dat')
    const unknown = await checkHere(file)
    expect(unknown).toMatchObject({ exit: 125, flavour: { id: null }, events: { judged: 0 } })
    expect(unknown.reasons.map(({ code }) => code)).toContain('FCT_ORACLE_FLAVOUR')
    const said = await checkHere(file, { flavour: 'lru-holds-ref' })
    expect(said).toMatchObject({ verdict: 'INCONCLUSIVE', events: { judged: 285 }, findings: [] })
  })

  it('is a FAIL if the console says so', async () => {
    const file = await writeRecording(join(folder, 'splat.dat'))
    const splat = join(fixturesFolder('consoles'), 'warn-lru-not-empty.txt')
    const document = await checkHere(file, { console: splat })
    expect(document.findings.map(({ rule }) => rule)).toEqual(['console-splat'])
    expect(document.exit).toBe(1)
  })
})

describe("a recording of nfsd's own events, as trace-cmd makes it on any server", () => {
  it('is never a PASS, and lists the rules that need identity as not applied', async () => {
    const file = await writeRecording(join(folder, 'own.dat'), { module: false, clock: 'local' })
    const document = await checkHere(file, { console })
    expect(document.exit).toBe(125)
    expect(document).toMatchObject({
      verdict: 'INCONCLUSIVE',
      key: 'struct file',
      flavour: { id: 'lru-holds-ref' },
      events: { judged: 285 },
      rules: { applied: ['free-at-zero', 'use-at-zero', 'resource-leak', 'console-splat'] },
      findings: [],
    })
    const why = document.rules.notApplied.find(({ id }) => id === 'event-after-free')
    expect(why?.reason).toContain('does not tell which nfsd_file an event is of')
  })

  it('is a FAIL where an object was freed while held', async () => {
    const file = await writeRecording(join(folder, 'own-held.dat'), { module: false, freedAt: 3 })
    const document = await checkHere(file)
    expect(document.exit).toBe(1)
    // The counter clock tells no time.
    expect(document.findings).toMatchObject([
      { rule: 'free-at-zero', firstGuestSecond: null, object: '0xff34d96385d85b00#1' },
    ])
    const timed = await writeRecording(join(folder, 'own-timed.dat'), {
      module: false,
      freedAt: 3,
      clock: 'local',
    })
    expect((await checkHere(timed)).findings[0]?.firstGuestSecond).toBe(0)
  })
})

describe('a run folder', () => {
  it('has its own console, counters and exposure', async () => {
    const document = await checkHere(await writeRun('passed', {}, { lost: null }))
    expect(document).toMatchObject({
      verdict: 'PASS',
      run: { scenario: 'CLOSE01', seed: '42' },
      exposure: { 'close*acquire': 300 },
      events: sound.events,
    })
    expect(document.exit).toBe(0)
  })

  it.each([
    ['INCONCLUSIVE', 'FCT_EXPOSURE_NONE', 125],
    ['INCONCLUSIVE', 'FCT_GUEST_LOST', 125],
    ['INCONCLUSIVE', 'FCT_LOAD_STUCK', 125],
    ['FAIL', 'FCT_GUEST_KERNEL_FAULT', 1],
    ['ERROR', 'FCT_LOAD_UNEXPECTED', 125],
  ])('stays %s for what no second look at the trace can mend (%s)', async (verdict, code, exit) => {
    const run = await writeRun(code, { verdict, reasons: [{ code, message: 'as the run said' }] })
    const document = await checkHere(run)
    expect(document).toMatchObject({ verdict, reasons: [{ code, message: 'as the run said' }] })
    expect(document.exit).toBe(exit)
  })

  it('of a run that was killed is INCONCLUSIVE', async () => {
    const document = await checkHere(await writeRun('killed', null))
    expect(document.reasons.map(({ code }) => code)).toContain('FCT_CHECK_UNFINISHED')
    expect(document.exit).toBe(125)
  })

  it('whose papers are damaged is an error', async () => {
    const run = await writeRun('damaged', { verdict: 'MAYBE' })
    expect(await check(run)).toMatchObject({
      exitCode: 128,
      stdout: '',
      stderr: expect.stringContaining('FCT_RUN_INVALID') as string,
    })
  })
})

describe('--explain', () => {
  let file = ''
  beforeAll(async () => {
    file = await writeRecording(join(folder, 'explained.dat'), { freedAt: 2 })
  })

  it('prints the life of an object, whole, with the broken step marked', async () => {
    const { exitCode, stdout } = await check(file, '--explain', '0xff34d96385df6d28')
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^nfsd_file 0xff34d96385df6d28#1, \d+ events, inode 0xff34d963830ddc20$/)
    expect(lines[1]).toBe('code path, nfsd/215 on CPU 0: nfsd_file_put, nfsd_file_free')
    expect(lines[2]).toMatch(/^ +second +CPU +task +operation +ref +flags +list$/)
    expect(lines.filter((line) => line.startsWith('>'))).toEqual([
      expect.stringMatching(/^> +15\.792 +0 +nfsd\/215 +nfsd_file_free +2 +HASHED/),
    ])
    expect(exitCode).toBe(1)
  })

  it('takes the number of a finding, and one generation alone', async () => {
    const byNumber = await check(file, '--explain', '1')
    const byName = await check(file, '--explain', 'FF34D96385DF6D28#1')
    expect(byNumber.stdout).toBe(byName.stdout)
    expect(byNumber.stdout).toContain('nfsd_file_free')
    const { stdout } = await check(file, '--explain', '1', '--json')
    const [life] = (JSON.parse(stdout) as { lives: [{ object: string; count: number; parts: unknown[] }] })
      .lives
    expect(life.object).toBe('0xff34d96385df6d28#1')
    expect(life.parts).toHaveLength(life.count)
  })

  it('prints the text of a finding that has no object', async () => {
    const splat = join(fixturesFolder('consoles'), 'warn-lru-not-empty.txt')
    const whole = await writeRecording(join(folder, 'explained-splat.dat'))
    const { stdout } = await check(whole, '--console', splat, '--explain', '1')
    expect(stdout).toContain('WARNING: ')
    expect(stdout).toContain('Call Trace:')
  })

  it.each([
    ['0xff34d96385df6d28#99', 'the trace does not show 0xff34d96385df6d28#99'],
    ['0xffff000000000000', 'the trace does not show'],
    ['2', 'there is no finding 2: there are 1'],
    ['nfsd', 'neither an address'],
  ])('says that there is no %s', async (object, words) => {
    const { exitCode, stdout, stderr } = await check(file, '--explain', object)
    expect(stderr).toContain('FCT_CHECK_NO_OBJECT')
    expect(stderr).toContain(words)
    expect({ exitCode, stdout }).toEqual({ exitCode: 129, stdout: '' })
  })
})

describe('what cannot be judged', () => {
  it.each([
    [['/nonexistent'], 129, 'FCT_TRACE_UNREADABLE'],
    [[], 129, 'missing required argument'],
    [['x', '--flavour', 'g9'], 129, 'Allowed choices are auto, buckets-hold-ref'],
    [[join(fixturesFolder('consoles'), 'kasan.txt')], 128, 'FCT_DECODE_MAGIC'],
    [[fixturesFolder('consoles')], 128, 'FCT_TRACE_NOT_FOUND'],
    [
      [join(fixturesFolder('trace-dat'), 'zlib.dat'), '--console', '/nonexistent'],
      129,
      'FCT_CONSOLE_UNREADABLE',
    ],
    [[join(fixturesFolder('trace-dat'), 'zlib.dat'), '--buffer', 'other'], 128, 'FCT_DECODE_BUFFERS'],
  ])('check %j ends with %i', async (args, status, words) => {
    const { exitCode, stdout, stderr } = await check(...args)
    expect(stderr).toContain(words)
    expect({ exitCode, stdout }).toEqual({ exitCode: status, stdout: '' })
  })

  it('is in the help', async () => {
    const { stdout } = await execa(process.execPath, [cli, '--help'])
    expect(stdout).toMatch(/^ +check \[options\] <file> +judge a recording/m)
    expect((await check('--help')).stdout).toContain('--explain <object>')
  })
})
