import pc from 'picocolors'
import { describeExposure } from '../verdict/exposure-bound.js'
import type { CheckDocument } from '../verdict/recording.js'
import { formatCount } from './figures.js'
import { countEvents, listFindings, listReasons, listRules, paintVerdict, type Colors } from './summary.js'

/** What a recording has to say, for a terminal. */
export function summarizeCheck(document: CheckDocument, colors: Colors = pc): string {
  const sections = [
    headline(document, colors),
    listReasons(document, colors),
    listFindings({ findings: document.findings }, colors),
    worth(document),
    countEvents(document, colors),
    listRules(document, { notes: [] }, colors),
  ]
  return sections.filter((section) => section !== '').join('\n\n') + '\n'
}

function headline(
  { verdict, file, run, flavour, key, clock, events, lives }: CheckDocument,
  colors: Colors,
): string {
  const cache = flavour.id === null ? 'unknown file cache' : `file cache ${flavour.id}`
  const what = run === null ? '' : `, ${run.scenario}, seed ${run.seed}`
  const seen =
    key === 'nfsd_file'
      ? `${formatCount(lives.ended)} lives seen to their end, ${formatCount(lives.begun)} begun`
      : key === null
        ? 'no event of an nfsd_file'
        : "nfsd's own events: no event tells its nfsd_file"
  const judged = `${formatCount(events.judged)} events judged`
  return [
    `${paintVerdict(verdict, colors)} ${colors.bold(file)}${what}`,
    colors.dim(`${cache}; clock ${clock === '' ? 'unknown' : clock}; ${judged}; ${seen}`),
  ].join('\n')
}

/** Of a PASS alone: what it excludes. */
function worth({ verdict, lives, exposure }: CheckDocument): string {
  if (verdict !== 'PASS') return ''
  const bound = lives.bound.toExponential(1)
  return [
    `${formatCount(lives.ended)} lives broke no rule; a failure rate per life above ${bound} is excluded at 95 %`,
    ...Object.entries(exposure)
      .filter(([, windows]) => windows > 0)
      .map(([pair, windows]) => describeExposure(pair, windows)),
  ].join('\n')
}
