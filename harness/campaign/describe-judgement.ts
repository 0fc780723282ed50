import { formatPercent } from '../report/figures.js'
import type { Judgement } from './judge-nights.js'
import type { Rate } from './rate.js'

/** "worse: SIGNATURE in CELL: 14 of 1,000 runs (1.4 %, 0.77 % to 2.3 %), before 4 of 4,000 (...)"; text of the guest is as it came. */
export function describeJudgement(judgement: Judgement): string {
  const { kind, what, cell } = judgement
  return `${kind}: ${what} in ${cell}: ${describeNumbers(judgement)}`
}

/** The numbers behind a judgement, without names. */
export function describeNumbers({ kind, tonight, before, absence, change }: Judgement): string {
  const former = before === null ? 'no runs before' : `before ${describeRate(before)}`
  if (absence !== null) {
    const { runs, needed } = absence
    const since = `in ${count(runs)} runs since`
    return kind === 'gone'
      ? `not seen ${since}, ${count(needed)} exclude the former rate; ${former}`
      : `not seen ${since}, would need ${count(needed)} to exclude the former rate; ${former}`
  }
  const now = describeRate(change?.rate ?? tonight)
  return `${now}${change === null ? '' : ` since ${change.since}`}; ${former}`
}

function describeRate({ hits, trials, rate, low, high }: Rate): string {
  const runs = `${count(hits)} of ${count(trials)} runs`
  return rate === null
    ? runs
    : `${runs} (${formatPercent(rate)}, ${formatPercent(low)} to ${formatPercent(high)} at 95 %)`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
