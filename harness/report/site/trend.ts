import { rateOf } from '../../campaign/rate.js'
import type { Chart } from '../chart.js'
import { formatTime } from './layout.js'
import type { CellTally, SignatureTally, Tally } from './tally.js'

/** Nights of a trend; older ones are in the tables. */
const mostNights = 90

/** How often a signature was found, of the runs in the cells that ever found it. */
export interface NightRate {
  readonly index: number
  readonly hits: number
  readonly trials: number
}

/** By night in which one of its cells ran. */
export function ratesOf(signature: SignatureTally, cells: ReadonlyMap<string, CellTally>): NightRate[] {
  const rates = new Map<number, { hits: number; trials: number }>()
  for (const [key, hits] of signature.cells) {
    for (const [index, { whole }] of cells.get(key)?.nights ?? []) {
      const { all = 0, partial = 0 } = hits.get(index) ?? {}
      const sum = rates.get(index) ?? { hits: 0, trials: 0 }
      rates.set(index, { hits: sum.hits + all, trials: sum.trials + whole + partial })
    }
  }
  return [...rates].map(([index, sum]) => ({ index, ...sum })).toSorted((a, b) => a.index - b.index)
}

/** The rate by night, and the interval that holds it at 95 %. */
export function trendOf(id: string, title: string, rates: readonly NightRate[], { nights }: Tally): Chart {
  const known = rates.filter(({ trials }) => trials > 0).slice(-mostNights)
  const intervals = known.map(rateOf)
  return {
    id,
    title,
    x: known.map((_, place) => place),
    names: known.map(({ index }) => formatTime(nights[index]?.started ?? '').slice(5, 10)),
    series: [
      { label: 'high', band: 'high', values: intervals.map(({ high }) => 100 * high) },
      { label: 'low', band: 'low', values: intervals.map(({ low }) => 100 * low) },
      { label: '% of runs', points: true, values: intervals.map(({ rate }) => 100 * (rate ?? 0)) },
    ],
  }
}
