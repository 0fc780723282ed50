import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrace } from '../../addon/index.js'
import { runFctorture, type Ended } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

describe('CLOSE01 on a stock kernel', () => {
  let ended: Ended

  beforeAll(async () => {
    ended = await runFctorture(runs, ['--time', '10', '--seed', '42'])
  })

  it('passes, and exits 0', () => {
    expect({
      verdict: ended.result.verdict,
      findings: ended.result.findings,
      live: ended.result.live,
      reasons: ended.result.reasons,
      stderr: ended.stderr,
    }).toMatchObject({
      verdict: 'PASS',
      findings: [],
      live: { gaveUp: null, withdrawn: [] },
      reasons: [],
    })
    expect(ended.stderr).not.toContain('found after')
    expect(ended.exitCode).toBe(0)
  })

  it('has used every stressor, and opened the windows that the scenario names', () => {
    for (const name of ['close', 'acquire', 'shrink', 'gc']) {
      expect(ended.result.stressors[name]?.useful, name).toBeGreaterThan(0)
    }
    expect(ended.result.exposure['close*acquire']).toBeGreaterThan(0)
    expect(ended.result.exposure['acquire*shrink']).toBeGreaterThan(0)
  })

  it('has read every event that the kernel produced', () => {
    const { produced, read, lost, unexplained } = ended.result.events
    expect(produced).toBeGreaterThan(1000)
    expect({ read, lost, unexplained }).toEqual({ read: produced, lost: 0, unexplained: 0 })
  })

  it('has applied the rules of the flavour', () => {
    expect(ended.result.kernel.flavour).toBe('lru-holds-ref')
    expect(ended.result.rules.applied).toEqual(
      expect.arrayContaining([
        'event-after-free',
        'free-at-zero',
        'one-free-per-life',
        'lru-alternates',
        'leak-after-shutdown',
        'idle-disposed',
        'console-splat',
      ]),
    )
  })

  it('leaves a run folder of these files, and no others', async () => {
    const files = await readdir(ended.result.run)
    expect(files.sort()).toEqual([
      'console.log',
      'load.json',
      'report.html',
      'run.json',
      'trace.dat',
      'verdict.json',
    ])
    const run = JSON.parse(await readFile(join(ended.result.run, 'run.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(run).toMatchObject({
      seed: '42',
      kernel: { name: 'debian:6.1', release: expect.stringMatching(/^6\.1\./) as string, profile: 'stock' },
      scenario: { name: 'CLOSE01', seconds: 10 },
    })
    const verdict: unknown = JSON.parse(readFileSync(join(ended.result.run, 'verdict.json'), 'utf8'))
    expect(verdict).toEqual(ended.result)
  })

  it('writes a trace.dat in which trace-cmd finds the same events', async () => {
    const path = join(ended.result.run, 'trace.dat')
    const { stdout, stderr } = await execa('trace-cmd', ['report', '-i', path], { maxBuffer: 1 << 30 })
    const lines = stdout.split('\n').filter((line) => / \[\d{3}\] /.test(line))
    const trace = await readTrace(path)
    expect(stderr).not.toMatch(/bug|error|fail/i)
    expect(lines.length).toBe(trace.rows.count)
    expect(trace.rows.count).toBe(ended.result.events.read)
    expect(trace.clock).toBe('counter')
  })
})
