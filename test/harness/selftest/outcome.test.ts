import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../../harness/selftest/attempt.js'
import { judgeCase, medianSeconds, verdictOf } from '../../../harness/selftest/outcome.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'

const defect = {
  id: 'leak-of-some-kind',
  scenario: 'CLOSE01',
  rules: ['leak-after-shutdown'],
  also: ['console-splat'],
  patches: ['leak.patch'],
  busted: '',
}

const clean: ResultDocument = {
  schema: 1,
  verdict: 'PASS',
  exit: 0,
  run: 'runs/first',
  scenario: 'CLOSE01',
  seed: 1,
  kernel: {
    name: 'debian:6.1',
    release: '6.1.0-56-amd64',
    hash: 'abc',
    flavour: 'lru-holds-ref',
    build: null,
    profile: 'stock',
    patches: [],
  },
  target: { kind: 'qemu', accel: 'tcg' },
  guestSeconds: 8,
  events: { produced: 1, read: 1, lost: 0, unexplained: 0 },
  stressors: {},
  exposure: {},
  rules: { applied: [], notApplied: [] },
  findings: [],
  live: { gaveUp: null, withdrawn: [] },
  reasons: [],
}

const console = '[    9.000000] fctorture: loaded\n[   10.500000] fctorture: phase load ms=1500\n'

/** A run with findings, each a rule and the second of its first breach. */
function attempt(findings: readonly [string, number][], more: Partial<ResultDocument> = {}): Attempt {
  const found = findings.map(([rule, firstGuestSecond]) => ({
    rule,
    signature: `${rule}: path`,
    count: 1,
    firstGuestSecond,
    evidence: 'evidence',
  }))
  return { result: { ...clean, findings: found, ...more }, console }
}

describe('a defect', () => {
  it('is caught when its rule fires, so many seconds after the load began', () => {
    const outcome = judgeCase(defect, [
      attempt([
        ['console-splat', 11],
        ['leak-after-shutdown', 12.5],
      ]),
    ])
    expect(outcome).toMatchObject({ outcome: 'caught', secondsToDetection: 2, unexplained: [] })
    expect(outcome.fired).toEqual(['console-splat', 'leak-after-shutdown'])
  })

  it('counts from its first finding, and one without a time is of the end', () => {
    const late = attempt([
      ['leak-after-shutdown', 0],
      ['leak-after-shutdown', 14.5],
      ['leak-after-shutdown', 12.5],
    ])
    expect(judgeCase(defect, [late]).secondsToDetection).toBe(2)
    expect(judgeCase(defect, [attempt([['leak-after-shutdown', 0]])]).secondsToDetection).toBe(8)
  })

  it('pays for the runs that did not find it', () => {
    const outcome = judgeCase(defect, [attempt([]), attempt([['leak-after-shutdown', 11.5]])])
    expect(outcome).toMatchObject({ outcome: 'caught', secondsToDetection: 9 })
  })

  it('is missed when other rules fire, and these are named if it cannot break them', () => {
    const outcome = judgeCase(defect, [
      attempt([
        ['console-splat', 11],
        ['free-at-zero', 12],
      ]),
    ])
    expect(outcome).toMatchObject({
      outcome: 'missed',
      secondsToDetection: null,
      unexplained: ['free-at-zero'],
    })
  })

  it('has no outcome when its last run has none, and says why', () => {
    const reasons = [{ code: 'FCT_QEMU', message: 'QEMU ended' }] as const
    const outcome = judgeCase(defect, [attempt([]), attempt([], { verdict: 'ERROR', exit: 125, reasons })])
    expect(outcome).toMatchObject({ outcome: 'error', reasons: ['QEMU ended'] })
  })

  it('is caught even if the run has no verdict', () => {
    const outcome = judgeCase(defect, [attempt([['leak-after-shutdown', 11]], { verdict: 'ERROR' })])
    expect(outcome.outcome).toBe('caught')
  })
})

it('are to be found all, and no rule may fire that none of them breaks', () => {
  const caught = judgeCase(defect, [attempt([['leak-after-shutdown', 11]])])
  const missed = judgeCase(defect, [attempt([])])
  const accused = judgeCase(defect, [
    attempt([
      ['leak-after-shutdown', 11],
      ['free-at-zero', 11],
    ]),
  ])
  const broken = judgeCase(defect, [attempt([], { verdict: 'ERROR' })])
  expect(verdictOf([caught, caught])).toBe('pass')
  expect(verdictOf([caught, broken])).toBe('no verdict')
  for (const bad of [missed, accused]) expect(verdictOf([caught, broken, bad])).toBe('fail')
})

it('is compared with a run under clients alone, which does not catch it', () => {
  const outcome = judgeCase(
    defect,
    [attempt([['leak-after-shutdown', 11]])],
    attempt([['free-at-zero', 11]], { guestSeconds: 20 }),
  )
  expect(outcome).toMatchObject({
    rate: { detections: 1, seconds: 8 },
    alone: { detections: 0, seconds: 20 },
    unexplained: [],
  })
  expect(judgeCase(defect, [attempt([])]).alone).toBeNull()
})

it('counts the seconds of a guest that died by its console', () => {
  const died = attempt([['leak-after-shutdown', 11]], { guestSeconds: 0 })
  const panic = { ...died, console: `${console}[   14.500000] Kernel panic\n` }
  expect(judgeCase(defect, [panic]).rate).toEqual({ detections: 1, seconds: 4 })
  const quiet = `${console}[   13.500000] fctorture: phase quiet ms=4500\n[   14.500000] Kernel panic\n`
  expect(judgeCase(defect, [{ ...died, console: quiet }]).rate.seconds).toBe(3)
})

it('has the median of what was caught', () => {
  const after = (second: number): ReturnType<typeof judgeCase> =>
    judgeCase(defect, [attempt([['leak-after-shutdown', 10.5 + second]])])
  expect(medianSeconds([after(5), after(1), after(2)])).toBe(2)
  expect(medianSeconds([after(1), judgeCase(defect, [attempt([])]), after(2)])).toBe(1.5)
  expect(medianSeconds([judgeCase(defect, [attempt([])])])).toBeNull()
})
