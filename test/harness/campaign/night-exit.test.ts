import { describe, expect, it } from 'vitest'
import { judgeNights } from '../../../harness/campaign/judge-nights.js'
import { nightExit } from '../../../harness/campaign/night-exit.js'
import type { NightRun } from '../../../harness/campaign/nights.js'
import { failed, nightRun, records, undecided } from './night-runs.js'

function exits(...nights: readonly (readonly NightRun[])[]): [any: number, new: number] {
  const judgement = judgeNights(records(...nights))
  return [nightExit(judgement, 'any'), nightExit(judgement, 'new')]
}

const fault = nightRun({ verdict: 'FAIL', reasons: [{ code: 'FCT_GUEST_KERNEL_FAULT', message: 'panic' }] })

describe('the exit status of a night', () => {
  it.each<[string, NightRun[][], [number, number]]>([
    ['that passed', [[nightRun()]], [0, 0]],
    ['with a finding that is new', [[nightRun()], [failed('leak'), nightRun()]], [1, 1]],
    [
      'with a finding that is known',
      [
        [failed('leak'), nightRun()],
        [failed('leak'), nightRun()],
      ],
      [1, 0],
    ],
    ['with a new one beside a known one', [[failed('leak')], [failed('leak'), failed('other')]], [1, 1]],
    ['without what was found before', [[failed('leak')], [nightRun()]], [0, 0]],
    [
      'in which an attempt failed and the next passed',
      [[nightRun()], [failed('leak', { seed: 1 }), nightRun({ seed: 1, attempt: 2 })]],
      [1, 1],
    ],
    [
      'in which an attempt was an error and the next passed',
      [[undecided('ERROR', 'FCT_QEMU_DIED', { seed: 1 }), nightRun({ seed: 1, attempt: 2 })]],
      [0, 0],
    ],
    [
      'with a seed without an answer',
      [[nightRun(), undecided('INCONCLUSIVE', 'FCT_GUEST_LOST')]],
      [125, 125],
    ],
    [
      'with a known finding and a seed without an answer',
      [[failed('leak')], [failed('leak'), undecided('ERROR', 'FCT_QEMU_DIED')]],
      [1, 125],
    ],
    [
      'with a kernel fault of which nothing is known, beside a known finding',
      [[failed('leak')], [failed('leak'), fault]],
      [1, 1],
    ],
    ['with the same fault again', [[fault], [fault]], [1, 0]],
    ['in which nothing ran', [[]], [125, 125]],
  ])('%s', (_, nights, expected) => expect(exits(...nights)).toEqual(expected))
})
