import { describe, expect, it } from 'vitest'
import { judge, type OracleReport } from '../../../harness/oracle/oracle.js'
import { composeResult } from '../../../harness/verdict/compose-result.js'
import { describeExposure, upperBound } from '../../../harness/verdict/exposure-bound.js'
import { decideVerdict, type VerdictInput } from '../../../harness/verdict/verdict.js'
import { kernelFeatures } from '../kernel-features.js'
import { TraceBuilder } from '../trace-builder.js'

function judged(builder: TraceBuilder): OracleReport {
  const counters = { text: 'lru entries: 0\nacquisitions: 1\nevictions: 1\n' }
  const filecache = [
    { phase: 'start' as const, text: counters.text.replaceAll('1', '0') },
    { phase: 'quiet' as const, ...counters },
  ]
  return judge({
    coverage: 'whole',
    trace: builder.build(),
    console: '[    1.000000] Linux',
    filecache,
    stressors: ['close'],
  })
}

const whole = (): TraceBuilder =>
  new TraceBuilder()
    .phase('load')
    .gcLife()
    .dispose()
    .phase('quiet', 5000)
    .phase('shutdown', 12_000)
    .phase('end')

const sound: VerdictInput = {
  oracle: judged(whole()),
  events: { produced: 10, read: 10, lost: 0, unexplained: 0 },
  stressors: { close: { called: 9, useful: 3, raced: 1 }, acquire: { called: 9, useful: 9, raced: 1 } },
  exposure: { 'close*acquire': 12_345, 'close*close': 0 },
  required: { stressors: ['close', 'acquire'], absent: [], happenings: {}, pairs: ['close*acquire'] },
  outcome: { kind: 'ended' },
}

const broken = judged(new TraceBuilder().phase('load').gcLife().dispose().file('nfsd_file_acquire'))

describe('decideVerdict', () => {
  it('is PASS if everything was there, and nothing found', () => {
    expect(decideVerdict(sound)).toEqual({ verdict: 'PASS', exit: 0, reasons: [] })
  })

  it('is FAIL for a finding, and names it', () => {
    const { verdict, exit, reasons } = decideVerdict({ ...sound, oracle: broken })
    expect({ verdict, exit }).toEqual({ verdict: 'FAIL', exit: 1 })
    expect(reasons[0]).toEqual({
      code: 'FCT_ORACLE_FINDING',
      message: 'event-after-free: nfsd_file_acquire after nfsd_file_free',
    })
  })

  it('is FAIL for a kernel that died of it, even if it had no time to say why', () => {
    const outcome = { kind: 'kernel-fault', message: 'the guest panicked' } as const
    expect(decideVerdict({ ...sound, outcome })).toMatchObject({
      verdict: 'FAIL',
      reasons: [{ code: 'FCT_GUEST_KERNEL_FAULT' }],
    })
  })

  it.each<[string, Partial<VerdictInput>]>([
    ['FCT_TRACE_LOST', { events: { produced: 10, read: 8, lost: 2, unexplained: 0 } }],
    ['FCT_TRACE_UNEXPLAINED', { events: { produced: 10, read: 8, lost: 0, unexplained: 2 } }],
    ['FCT_TRACE_UNEXPLAINED', { events: { produced: 10, read: 12, lost: 0, unexplained: -2 } }],
    ['FCT_TRACE_UNACCOUNTED', { events: { produced: null, read: 8, lost: null, unexplained: null } }],
    ['FCT_GUEST_LOST', { outcome: { kind: 'target-lost', message: 'the agent is silent' } }],
    ['FCT_GUEST_TIMEOUT', { outcome: { kind: 'timeout', message: 'no end after 300 s' } }],
    ['FCT_LOAD_STUCK', { outcome: { kind: 'load-stuck', message: 'thread 0 hung in write' } }],
    ['FCT_STRESSOR_IDLE', { stressors: { ...sound.stressors, close: { called: 9, useful: 0, raced: 0 } } }],
    ['FCT_STRESSOR_IDLE', { stressors: {} }],
    ['FCT_EXPOSURE_NONE', { exposure: { 'close*acquire': 0, 'close*close': 4 } }],
    ['FCT_EXPOSURE_NONE', { exposure: {} }],
    ['FCT_ORACLE_GAP', { oracle: judged(whole().gap(1)) }],
    ['FCT_ORACLE_FLAVOUR', { oracle: judged(Object.assign(whole(), { events: ['nfsd_file_put_final'] })) }],
    ['FCT_ORACLE_NOT_APPLIED', { oracle: judged(Object.assign(whole(), { clock: 'global' })) }],
    [
      'FCT_ORACLE_NOT_APPLIED',
      { oracle: judge({ coverage: 'whole', trace: null, console: 'x', filecache: [], stressors: [] }) },
    ],
  ])('is INCONCLUSIVE, never PASS, with %s; and FAIL all the same if there is a finding', (code, change) => {
    const expected =
      code === 'FCT_ORACLE_NOT_APPLIED' && change.oracle?.flavour.id === null ? 'FCT_ORACLE_FLAVOUR' : code
    const { verdict, exit, reasons } = decideVerdict({ ...sound, ...change })
    expect({ verdict, exit }).toEqual({ verdict: 'INCONCLUSIVE', exit: 125 })
    expect(reasons.map((reason) => reason.code)).toContain(expected)
    const found = {
      ...sound,
      ...change,
      oracle: { ...(change.oracle ?? sound.oracle), findings: broken.findings },
    }
    expect(decideVerdict(found)).toMatchObject({ verdict: 'FAIL', exit: 1 })
  })

  it('says of a gap which CPU has it and what it cost', () => {
    const gapped = judged(new TraceBuilder().phase('load').gcLife().gap(1, 12).phase('end'))
    expect(decideVerdict({ ...sound, oracle: gapped }).reasons).toContainEqual({
      code: 'FCT_ORACLE_GAP',
      message: '12 events of CPU 1 are missing; gaps made 1 live object unknown',
    })
  })

  it('says of a hole in the trace that it may be anywhere', () => {
    const holed = judge({
      trace: whole().build(),
      coverage: 'holed',
      console: 'x',
      filecache: [],
      stressors: [],
    })
    expect(decideVerdict({ ...sound, oracle: holed }).reasons).toContainEqual({
      code: 'FCT_ORACLE_GAP',
      message: 'events are missing, nobody knows where; gaps made 0 live objects unknown',
    })
  })

  it('is ERROR for a fault of our own, which a finding outweighs', () => {
    const outcome = { kind: 'infra-error', code: 'FCT_STORE_NO_SPACE', message: 'no space left' } as const
    expect(decideVerdict({ ...sound, outcome })).toMatchObject({
      verdict: 'ERROR',
      exit: 125,
      reasons: [{ code: 'FCT_STORE_NO_SPACE' }],
    })
    expect(decideVerdict({ ...sound, outcome, oracle: broken }).verdict).toBe('FAIL')
  })

  it('is INCONCLUSIVE where a kernel cannot have a stressor that the scenario needs', () => {
    const absent = [{ name: 'local', reason: 'symbol nfsd_file_acquire_local not found' }]
    expect(decideVerdict({ ...sound, required: { ...sound.required, absent } })).toMatchObject({
      verdict: 'INCONCLUSIVE',
      reasons: [
        {
          code: 'FCT_STRESSOR_ABSENT',
          message: 'this kernel cannot have the stressor local: symbol nfsd_file_acquire_local not found',
        },
      ],
    })
  })

  it('is INCONCLUSIVE if what the scenario is for never happened', () => {
    const happenings = { restart: 3, nfsd_file_close: 0 }
    expect(decideVerdict({ ...sound, required: { ...sound.required, happenings } })).toMatchObject({
      verdict: 'INCONCLUSIVE',
      reasons: [{ code: 'FCT_EXPOSURE_NONE', message: 'nfsd_file_close never happened' }],
    })
  })

  it('lets a scenario be too short for a rule of liveness', () => {
    const hasty = judge({
      coverage: 'whole',
      trace: new TraceBuilder()
        .phase('load')
        .gcLife()
        .dispose()
        .phase('quiet')
        .phase('shutdown')
        .phase('end')
        .build(),
      console: 'x',
      filecache: [],
      stressors: [],
    })
    expect(hasty.notApplied.map(({ id }) => id)).toEqual([
      'idle-disposed',
      'filecache-counters',
      'counters-match-trace',
    ])
    expect(decideVerdict({ ...sound, oracle: hasty }).verdict).toBe('PASS')
  })

  it('is PASS without the rules that are for other file caches than this one', () => {
    const features = kernelFeatures['buckets-hold-ref']
    const oracle = judged(new TraceBuilder(features).phase('load').file('nfsd_file_alloc').phase('end'))
    const safety = oracle.notApplied.filter(({ kind }) => kind === 'safety')
    expect(safety).toHaveLength(11)
    expect(safety.filter(({ isForOthers }) => !isForOthers)).toEqual([])
    expect(decideVerdict({ ...sound, oracle }).verdict).toBe('PASS')
  })
})

describe('upperBound', () => {
  it('is the rule of three', () => {
    expect(upperBound(12_345)).toBeCloseTo(3 / 12_345, 6)
    expect(upperBound(0)).toBe(1)
    expect(upperBound(1)).toBe(1)
  })

  it('is told in words', () => {
    expect(describeExposure('close*acquire', 12_345)).toBe(
      'the dangerous window close*acquire was open 12,345 times; ' +
        'a failure rate per window above 2.4e-4 is excluded at 95 %',
    )
  })
})

describe('composeResult', () => {
  it('makes the document of the design, and nothing else', () => {
    const identity = {
      run: '/runs/1',
      scenario: 'CLOSE01',
      seed: 42,
      kernel: {
        name: 'debian:6.1',
        release: '6.1.0-56-amd64',
        hash: 'abc',
        profile: 'stock',
        patches: [],
        build: null,
      },
      target: { kind: 'qemu', accel: 'tcg' },
      guestSeconds: 31.2,
    }
    const live = { seconds: new Map(), gaveUp: null }
    const result = composeResult(identity, sound, decideVerdict(sound), live)
    expect(result).toEqual({
      schema: 1,
      verdict: 'PASS',
      exit: 0,
      ...identity,
      kernel: { ...identity.kernel, flavour: 'lru-holds-ref' },
      events: sound.events,
      stressors: sound.stressors,
      exposure: sound.exposure,
      rules: { applied: sound.oracle.applied, notApplied: [] },
      findings: [],
      live: { gaveUp: null, withdrawn: [] },
      reasons: [],
    })
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it('says when a finding was told, and what was told and is none', () => {
    const finding = { rule: 'free-at-zero', signature: 'free-at-zero: at 1', count: 1, firstGuestSecond: 9 }
    const found = {
      ...sound,
      oracle: { ...sound.oracle, findings: [{ ...finding, evidence: 'freed at 1' }] },
    }
    const seconds = new Map([
      [finding.signature, 2.5],
      ['use-at-zero: put at 0', 3],
    ])
    const identity = { kernel: {} } as Parameters<typeof composeResult>[0]
    const { findings, live } = composeResult(identity, found, decideVerdict(found), {
      seconds,
      gaveUp: 'it was too far behind',
    })
    expect(findings).toMatchObject([{ signature: finding.signature, liveSecond: 2.5 }])
    expect(live).toEqual({ gaveUp: 'it was too far behind', withdrawn: ['use-at-zero: put at 0'] })
  })
})
