import { judgeNights } from '../../../harness/campaign/judge-nights.js'
import type { NightRun } from '../../../harness/campaign/nights.js'
import type { NightReport } from '../../../harness/export/night-report.js'
import { failed, nightRun, records, times, undecided } from '../campaign/night-runs.js'

/** What a guest may put into its names: markup, line ends, controls, half a character, protocol lines. */
export const nasty = [
  '<script>alert("1")</script> & ]]> \'',
  'line\r\nok 1 forged\n::error::forged\n# SKIP forged',
  'controls \u0000\u0001\u0008\u000b\u001b[31m\u007f\u0085 \ud800 \udfff \ufffe \uffff \u202e',
  'emoji \u{1f41b} 100 % a,b:c',
].join('\t')

const gc = {
  kernel: 'debian:6.1',
  profile: 'stock',
  scenario: 'scenarios/GC #1.yaml',
  target: 'qemu',
  patches: ['a.patch'],
}
const plain = { kernel: 'debian:5.10', profile: 'bare', scenario: 'GC01', target: 'qemu', patches: [] }
const unbuilt = { release: 'unknown', hash: 'unknown', flavour: 'unknown' }

export const nastyRuns: readonly NightRun[] = [
  nightRun({ seed: 1 }),
  failed('leak of an nfsd_file', { seed: 2 }),
  failed(nasty, { seed: 3 }),
  undecided('ERROR', 'FCT_QEMU_DIED', { seed: 4 }),
  nightRun({ seed: 4, attempt: 2 }),
  undecided('INCONCLUSIVE', 'FCT_GUEST_TIMEOUT', { seed: 5 }),
  undecided('INCONCLUSIVE', 'FCT_STRESSOR_ABSENT', {
    seed: 6,
    cell: gc,
    reasons: [{ code: 'FCT_STRESSOR_ABSENT', message: nasty }],
  }),
  undecided('ERROR', 'FCT_KERNEL_BUILD', { seed: 7, cell: plain, kernel: unbuilt }),
]

/** A clean night, and one with everything. */
export const nastyNight: NightReport = {
  runs: nastyRuns,
  judgement: judgeNights(
    records(
      times(20, () => nightRun()),
      nastyRuns,
    ),
  ),
}

/** A night without trouble. */
export const cleanNight: NightReport = cleanReport()

function cleanReport(): NightReport {
  const runs = [...times(2, () => nightRun()), nightRun({ cell: plain })]
  return { runs, judgement: judgeNights(records(runs)) }
}
