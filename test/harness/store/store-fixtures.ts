import type { Cell, RunPlace } from '../../../harness/store/history-records.js'
import type { ResultDocument, ResultFinding, VerdictName } from '../../../harness/verdict/result.js'

export const cell: Cell = {
  kernel: 'debian:6.1',
  profile: 'stock',
  scenario: 'CLOSE01',
  target: 'qemu',
  patches: [],
}

export function placeOf(campaign: number, change: Partial<RunPlace> = {}): RunPlace {
  return {
    campaign,
    cell,
    seed: 7,
    attempt: 1,
    started: '2026-11-27T01:00:00.000Z',
    seconds: 12.5,
    ...change,
  }
}

export function findingOf(signature: string, count = 1): ResultFinding {
  return {
    rule: signature.split(':')[0] ?? signature,
    signature,
    count,
    firstGuestSecond: 1.5,
    evidence: `${signature}, told`,
  }
}

const exits = { PASS: 0, FAIL: 1, INCONCLUSIVE: 125, ERROR: 125 } as const

/** A result document as a run of CLOSE01 on debian:6.1 writes it. */
export function resultOf(
  verdict: VerdictName,
  { run = '/runs/20261127T010000Z-CLOSE01-7', findings = [], ...change }: Partial<ResultDocument> = {},
): ResultDocument {
  return {
    schema: 1,
    verdict,
    exit: exits[verdict],
    run,
    scenario: 'CLOSE01',
    seed: 7,
    kernel: {
      name: 'debian:6.1',
      release: '6.1.0-56-amd64',
      hash: 'c0ffee',
      flavour: 'lru-holds-ref',
      profile: 'stock',
      patches: [],
      build: { kernel: 'package', nfsd: 'as built', reason: 'no patches' },
    },
    target: { kind: 'qemu', accel: 'tcg' },
    guestSeconds: 8.2,
    events: { produced: 1000, read: 1000, lost: 0, unexplained: 0 },
    stressors: { close: { called: 10, useful: 9, raced: 3 } },
    exposure: { 'close*acquire': 3 },
    rules: { applied: ['free-at-zero'], notApplied: [] },
    findings,
    live: { gaveUp: null, withdrawn: [] },
    reasons: verdict === 'PASS' ? [] : [{ code: 'FCT_ORACLE_FINDING', message: 'as the test has it' }],
    ...change,
  }
}
