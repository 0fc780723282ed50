import type { Night, NightRecord, NightRun } from '../../../harness/campaign/nights.js'

export function night(id: number): Night {
  const day = new Date(Date.UTC(2026, 0, id, 1)).toISOString()
  return { id, name: 'nightly', started: day, ended: new Date(Date.UTC(2026, 0, id, 5)).toISOString() }
}

let last = 0

/** A run of CLOSE01 that passed, but for what is given. */
export function nightRun(given: Partial<NightRun> = {}): NightRun {
  last++
  const cell = { kernel: 'debian:6.1', profile: 'stock', scenario: 'CLOSE01', target: 'qemu', patches: [] }
  return {
    id: last,
    key: Object.values(given.cell ?? cell)
      .flat()
      .join(' '),
    cell,
    seed: last,
    attempt: 1,
    started: '2026-01-01T01:00:00.000Z',
    seconds: 62.5,
    guestSeconds: 30,
    verdict: 'PASS',
    reasons: [],
    kernel: { release: '6.1.0-56-amd64', hash: 'abc123', flavour: 'hash-holds-ref' },
    findings: [],
    ...given,
  }
}

export function failed(signature: string, given: Partial<NightRun> = {}): NightRun {
  return nightRun({
    verdict: 'FAIL',
    reasons: [{ code: 'FCT_ORACLE_FINDING', message: signature }],
    findings: [{ rule: 'free-at-zero', signature, count: 2 }],
    ...given,
  })
}

export function undecided(
  verdict: 'ERROR' | 'INCONCLUSIVE',
  code: `FCT_${string}`,
  given: Partial<NightRun> = {},
): NightRun {
  return nightRun({ verdict, reasons: [{ code, message: `${code} happened` }], ...given })
}

export function times(count: number, make: () => NightRun): NightRun[] {
  return Array.from({ length: count }, make)
}

/** Nights 1, 2, ... of these runs. */
export function records(...runs: readonly (readonly NightRun[])[]): NightRecord[] {
  return runs.map((ofNight, index) => ({ night: night(index + 1), runs: ofNight }))
}
