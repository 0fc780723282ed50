import type { ResultDocument } from '../verdict/result.js'
import { largest, showChart, type Chart, type ChartMark, type ChartSeries } from './chart.js'
import type { ReportExtras, RunTimeline } from './extras.js'
import { formatCount } from './figures.js'
import type { LoadSample } from './load-sample.js'
import { markup, type Markup } from './markup.js'
import { table } from './tables.js'

/** What happened over the seconds of the run: events, operations, open windows, losses. Time counts from boot, as on the console. */
export function showTimeline(result: ResultDocument, { timeline }: ReportExtras): Markup {
  const marks = [...phaseMarks(timeline), ...findingMarks(result)].toSorted((a, b) => a.x - b.x)
  const charts = [...eventCharts(timeline), ...loadCharts(timeline)].filter(
    ({ x, series }) => x.length > 1 && series.length > 0,
  )
  if (charts.length === 0)
    return markup`<p>There is nothing to draw: the guest told of no event and of no load.</p>`
  return markup`${charts.map((chart) => showChart({ ...chart, marks }))}`
}

/** Events and losses of each CPU. */
export function showLosses({ timeline: { events } }: ReportExtras): Markup {
  if (events === null) return markup``
  const rows = events.cpus.map(({ counts, lost, unknownGaps }, cpu) => [
    `CPU ${String(cpu)}`,
    formatCount(sum(counts)),
    formatCount(sum(lost)),
    formatCount(unknownGaps),
  ])
  return table(['by CPU', 'nfsd_file events', 'lost', 'losses without a number'], rows)
}

function phaseMarks({ phases, moduleSecond }: RunTimeline): ChartMark[] {
  return phases.map(({ phase, ms }) => ({ x: moduleSecond + ms / 1000, label: phase, kind: 'phase' }))
}

function findingMarks({ findings }: ResultDocument): ChartMark[] {
  return findings.map(({ firstGuestSecond }, index) => ({
    x: firstGuestSecond,
    label: `finding ${String(index + 1)}`,
    kind: 'finding',
  }))
}

/** More would be noise at the width of a page. */
const mostPlaces = 240

function eventCharts({ events, moduleSecond }: RunTimeline): Chart[] {
  if (events === null) return []
  const { binMs, fromMs, tracepoints, cpus } = events
  const bins = tracepoints[0]?.counts.length ?? 0
  const merged = Math.ceil(bins / mostPlaces)
  const seconds = (merged * binMs) / 1000
  const places = Array.from({ length: Math.ceil(bins / merged) }, (_, place) => place * merged)
  const x = places.map((bin) => moduleSecond + (fromMs + bin * binMs) / 1000)
  const perPlace = (counts: readonly number[]): number[] =>
    places.map((bin) => sum(counts.slice(bin, bin + merged)))
  const byTracepoint = tracepoints.map(({ name, counts }) => ({
    label: name.replace(/^nfsd_file_/, ''),
    values: perPlace(counts).map((count) => count / seconds),
  }))
  const losses = cpus.map(({ lost }, cpu) => ({ label: `CPU ${String(cpu)}`, values: perPlace(lost) }))
  return [
    { id: 'events', title: 'nfsd_file events per second', x, series: largest(byTracepoint) },
    { id: 'losses', title: 'Events lost', x, series: largest(losses) },
  ]
}

function loadCharts({ samples, phases, moduleSecond }: RunTimeline): Chart[] {
  const began = phases.find(({ phase }) => phase === 'load')
  const offset = began === undefined ? 0 : moduleSecond + began.ms / 1000
  const x = samples.map(({ second }) => offset + second)
  const operations = [
    ...ratesOf(samples, (sample) => sample.operations).map((one) => ({
      ...one,
      label: `client ${one.label}`,
    })),
    ...ratesOf(samples, (sample) => sample.stressors),
  ]
  const windows = ratesOf(samples, ({ exposure }) => exposure)
  return [
    { id: 'operations', title: 'Operations per second', x, series: largest(operations) },
    { id: 'overlap', title: 'Windows opened per second', x, series: largest(windows) },
  ]
}

/** Of counters since the begin of the load: how fast each rose before a sample. */
function ratesOf(
  samples: readonly LoadSample[],
  countsOf: (sample: LoadSample) => Readonly<Record<string, number>>,
): ChartSeries[] {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(countsOf(sample))))]
  return names.map((label) => ({
    label,
    values: samples.map((sample, index) => {
      const before = samples[index - 1]
      const seconds = sample.second - (before?.second ?? 0)
      const count =
        (countsOf(sample)[label] ?? 0) - (before === undefined ? 0 : (countsOf(before)[label] ?? 0))
      return seconds > 0 ? count / seconds : null
    }),
  }))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0)
}
