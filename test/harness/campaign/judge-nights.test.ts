import { describe, expect, it } from 'vitest'
import { judgeNights } from '../../../harness/campaign/judge-nights.js'
import type { NightRun } from '../../../harness/campaign/nights.js'
import { failed, night, nightRun, records, times, undecided } from './night-runs.js'

const other = { kernel: 'debian:5.10', profile: 'stock', scenario: 'CLOSE01', target: 'qemu', patches: [] }

describe('the judgement', () => {
  it('tells of a planted regression in the second night as new, and of nothing else', () => {
    const cells = ['CLOSE01', 'GC01'].flatMap((scenario) =>
      ['debian:6.1', 'debian:5.10'].map((kernel) => ({ ...other, scenario, kernel })),
    )
    const clean = cells.flatMap((cell) => times(3, () => nightRun({ cell })))
    const second = cells.flatMap((cell, index) =>
      times(3, () => (index === 2 ? failed('leak', { cell }) : nightRun({ cell }))),
    )
    const judged = judgeNights(records(clean, second))
    expect(judged.findings).toHaveLength(1)
    expect(judged.findings[0]).toMatchObject({
      cell: 'debian:6.1 stock GC01 qemu',
      what: 'leak',
      kind: 'new',
      isNews: true,
      tonight: { hits: 3, trials: 3 },
      before: { hits: 0, trials: 3 },
      firstSeen: night(2).started,
      lastSeen: night(2).started,
      kernels: ['6.1.0-56-amd64'],
      elsewhere: [],
    })
    expect(judged).toMatchObject({ nightsBefore: 1, troubles: [] })
    expect(judged.cells.map(({ verdicts }) => verdicts.FAIL)).toEqual([0, 0, 3, 0])
  })

  it('counts each attempt: a second one that passes takes nothing from the first', () => {
    const [judged] = judgeNights(
      records([failed('leak', { seed: 7 }), nightRun({ seed: 7, attempt: 2 })]),
    ).findings
    expect(judged).toMatchObject({ kind: 'new', tonight: { hits: 1, trials: 2 } })
    const [late] = judgeNights(
      records([nightRun({ seed: 7 }), failed('leak', { seed: 7, attempt: 2 })]),
    ).findings
    expect(late).toMatchObject({ tonight: { hits: 1, trials: 2 } })
  })

  it('knows kernels, and other cells that have it', () => {
    const old = failed('leak', { kernel: { release: '6.1.0-55-amd64', hash: 'old', flavour: 'f' } })
    const judged = judgeNights(records([old], [failed('leak'), failed('leak', { cell: other })]))
    expect(judged.findings.map(({ kind, kernels, elsewhere }) => ({ kind, kernels, elsewhere }))).toEqual([
      {
        kind: 'constant',
        kernels: ['6.1.0-55-amd64', '6.1.0-56-amd64'],
        elsewhere: ['debian:5.10 stock CLOSE01 qemu'],
      },
      { kind: 'new', kernels: ['6.1.0-56-amd64'], elsewhere: ['debian:6.1 stock CLOSE01 qemu'] },
    ])
  })

  it('says nothing of cells that did not run', () => {
    const judged = judgeNights(records([failed('leak', { cell: other }), nightRun()], [nightRun()]))
    expect(judged.findings).toEqual([])
    expect(judged.cells).toHaveLength(1)
  })
})

describe('what a run that missed something shows', () => {
  const panic = { code: 'FCT_GUEST_KERNEL_FAULT', message: 'panic' } as const
  const cut = (signature: string): NightRun =>
    failed(signature, { reasons: [{ code: 'FCT_ORACLE_FINDING', message: signature }, panic] })

  it('is what it found, and nothing of what it did not: a panic makes no other finding gone', () => {
    const first = [...times(8, () => failed('leak')), ...times(2, () => nightRun())]
    const judged = judgeNights(
      records(
        first,
        first,
        times(50, () => cut('panic')),
      ),
    )
    expect(
      judged.findings.map(({ what, kind, tonight, absence }) => [
        what,
        kind,
        tonight.hits,
        tonight.trials,
        absence?.runs,
      ]),
    ).toEqual([
      ['leak', 'unseen', 0, 0, 0],
      ['panic', 'new', 50, 50, undefined],
    ])
  })

  it('is infrastructure trouble apart, by cause: no run of any rate', () => {
    const lost = undecided('INCONCLUSIVE', 'FCT_GUEST_LOST')
    const judged = judgeNights(
      records(
        times(20, () => nightRun()),
        [lost, undecided('ERROR', 'FCT_DISK_FULL'), failed('leak'), nightRun()],
      ),
    )
    expect(judged.findings).toMatchObject([
      { what: 'leak', tonight: { hits: 1, trials: 2 }, before: { hits: 0, trials: 20 } },
    ])
    expect(judged.troubles).toMatchObject([
      {
        what: 'FCT_GUEST_LOST',
        kind: 'new',
        tonight: { hits: 1, trials: 4 },
        before: { hits: 0, trials: 20 },
      },
      { what: 'FCT_DISK_FULL', kind: 'new', tonight: { hits: 1, trials: 4 } },
    ])
  })

  it('leaves a seed undecided, until another attempt decides it', () => {
    const { cells } = judgeNights(
      records([
        undecided('ERROR', 'FCT_QEMU_DIED', { seed: 1 }),
        nightRun({ seed: 1, attempt: 2 }),
        undecided('ERROR', 'FCT_QEMU_DIED', { seed: 2 }),
      ]),
    )
    expect(cells).toMatchObject([{ runs: 3, undecided: 1, verdicts: { PASS: 1, ERROR: 2 } }])
  })
})

it('reads each run once, as it comes: 100,000 a night', () => {
  function* many(): Generator<NightRun> {
    for (let run = 0; run < 100_000; run++) yield run % 1000 === 0 ? failed('leak') : nightRun()
  }
  const judged = judgeNights([1, 2].map((id) => ({ night: night(id), runs: many() })))
  expect(judged.findings).toMatchObject([{ kind: 'flaky', tonight: { hits: 100, trials: 100_000 } }])
})

it('needs a night', () => {
  expect(() => judgeNights([])).toThrow(RangeError)
})
