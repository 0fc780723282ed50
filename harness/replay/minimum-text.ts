import type { Rate } from '../campaign/rate.js'
import type { Ending, Minimum } from './minimise.js'

/** `fctorture minimise --json` */
export interface MinimiseDocument extends Pick<Minimum, 'ending' | 'wanted' | 'removed' | 'needed' | 'runs'> {
  readonly schema: 1
  readonly exit: number
  readonly signature: string
  readonly ratio: number
  readonly error: number
  readonly before: Rate
  readonly after: Rate | null
  /** As `sizeOf` counts. */
  readonly size: { readonly before: number; readonly after: number }
  /** Paths. */
  readonly scenario: string
  readonly reproducer: string
}

const endings: Readonly<Record<Ending, string>> = {
  confirmed: 'confirmed by runs of its own',
  unconfirmed: 'not confirmed: the budget is used up; the same command goes on',
  absent: 'nothing was tried: the original does not show it any more',
  rarer: 'nothing was tried: the original fails less often than wanted',
  'no verdict': 'nothing was tried: runs of the original come to no verdict',
}

export function describeMinimum(document: MinimiseDocument): string {
  const { signature, ending, before, after, removed, needed, runs, size, scenario, reproducer } = document
  const total = runs.before + runs.smaller + runs.confirm
  return [
    signature,
    `  ${ending === 'confirmed' && after === null ? 'nothing can be taken away' : endings[ending]}`,
    `  failure rate before: ${rateText(before)}`,
    `  failure rate after:  ${after === null ? 'as before' : rateText(after)}`,
    `  taken away: ${removed.join('; ') || 'nothing'}`,
    `  needed: ${needed.join('; ') || 'nothing was tried alone that was'} (each alone made it too rare)`,
    `  size ${size.before.toFixed(0)} -> ${size.after.toFixed(0)}, ${String(total)} runs`,
    `  ${scenario}`,
    `  ${reproducer}`,
    '',
  ].join('\n')
}

/** "9 of 10 runs (90 %, 55.5 to 99.7 %)" */
export function rateText({ hits, trials, rate, low, high }: Rate): string {
  const percent = (share: number): string => (100 * share).toFixed(1)
  const counted = `${String(hits)} of ${String(trials)} runs`
  return rate === null ? counted : `${counted} (${percent(rate)} %, ${percent(low)} to ${percent(high)} %)`
}
