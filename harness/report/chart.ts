import { markup, type Markup } from './markup.js'
import { jsonBlock } from './page.js'
import { table } from './tables.js'

/** What `browser/charts.js` draws. */
export interface Chart {
  /** Of the page; letters and hyphens. */
  readonly id: string
  readonly title: string
  /** Seconds; where there are `names`, places in them. */
  readonly x: readonly number[]
  readonly names?: readonly string[]
  readonly series: readonly ChartSeries[]
  readonly marks?: readonly ChartMark[]
}

export interface ChartSeries {
  readonly label: string
  /** By x; null: nothing is known there. */
  readonly values: readonly (number | null)[]
  /** An interval's edge, the high one right before the low one: what is between them is shaded, and neither is a line. */
  readonly band?: 'high' | 'low'
  /** Each value is marked. */
  readonly points?: boolean
}

export interface ChartMark {
  readonly x: number
  readonly label: string
  readonly kind: 'phase' | 'finding'
}

/** A chart's place in a page, its data, and the data once more for who does not see it. */
export function showChart(chart: Chart): Markup {
  return markup`<figure>
<figcaption>${chart.title}</figcaption>
<div class="chart" data-chart="chart-${chart.id}" role="group" aria-label="chart: ${chart.title}"></div>
${jsonBlock(`chart-${chart.id}`, chart)}
<details><summary>as a table</summary>${tableOf(chart)}</details>
</figure>
`
}

/** A chart has hundreds of places; more rows than these would not be read. */
const mostRows = 20

/** Averages over as many places as it takes to have few rows. */
function tableOf({ x, names, series }: Chart): Markup {
  const step = Math.ceil(x.length / mostRows)
  const begins = Array.from({ length: Math.ceil(x.length / step) }, (_, row) => row * step)
  const rows = begins.map((at) => [
    names?.[at] ?? `${(x[at] ?? 0).toFixed(1)} s`,
    ...series.map(({ values }) => average(values.slice(at, at + step))),
  ])
  return table([names ? '' : 'from', ...series.map(({ label }) => label)], rows)
}

function average(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ''
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return mean > 0 && mean < 0.01
    ? mean.toExponential(1)
    : mean.toLocaleString('en-US', { maximumFractionDigits: mean < 10 ? 2 : 0 })
}

/** More lines than these cannot be told apart: the smaller ones become one. */
const mostSeries = 7

/** Series with the largest sums first; those beyond the most are added up as "n others". Without those that are all 0. */
export function largest(series: readonly ChartSeries[]): ChartSeries[] {
  const sum = ({ values }: ChartSeries): number =>
    values.reduce<number>((all, value) => all + (value ?? 0), 0)
  const sorted = series.filter((one) => sum(one) > 0).toSorted((a, b) => sum(b) - sum(a))
  if (sorted.length <= mostSeries + 1) return sorted
  const rest = sorted.slice(mostSeries)
  const values = (rest[0]?.values ?? []).map((_, at) =>
    rest.reduce((all, one) => all + (one.values[at] ?? 0), 0),
  )
  return [...sorted.slice(0, mostSeries), { label: `${String(rest.length)} others`, values }]
}
