import { formatSeconds, printable } from '../../harness/report/figures.js'
import { formatTable } from '../../harness/report/text-table.js'
import { isMet, ratioOf, type Bar, type Row } from './row.js'
import type { Failure, Outcome } from './run-bench.js'

const heads = ['bench', 'what', 'ours', 'peer', 'ratio', 'bar', 'met']

/** The table of all benches, and under it how busy the machine was. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ name, rows, failure }) => [
    ...rows.map((row) => [onOneLine(name), ...cellsOf(row)]),
    ...(failure ? [[onOneLine(name), formatFailure(failure)]] : []),
  ])
  const loads = outcomes.map(({ name, seconds, load }) => {
    return [onOneLine(name), formatSeconds(seconds), formatLoad(load.before), formatLoad(load.after)]
  })
  const loadHeads = ['bench', 'took', 'load before (1, 5, 15 min)', 'load after']
  return `${formatTable([heads, ...rows])}\n\n${formatTable([loadHeads, ...loads])}\n`
}

/** As the table has it, but for the bench's name. */
export function cellsOf(row: Row): string[] {
  const { what, ours, unit, peer, bar, better } = row
  const met = isMet(row)
  const ratio = ratioOf(row)
  const cells = [
    what,
    `${formatNumber(ours)} ${unit}`,
    peer === undefined ? '' : `${peer.name}: ${formatNumber(peer.value)} ${unit}`,
    ratio === undefined ? '' : `${formatNumber(ratio)} x`,
    bar === undefined ? '' : formatBar(bar, unit, better),
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]
  return cells.map(onOneLine)
}

function formatBar(bar: Bar, unit: string, better: Row['better']): string {
  if ('ratio' in bar) return `>= ${formatNumber(bar.ratio)} x`
  return `${better === 'more' ? '>=' : '<='} ${formatNumber(bar.value)} ${unit}`
}

/** The first line of the reason. */
export function formatFailure({ kind, reason }: Failure): string {
  const said = onOneLine(reason.trim().split('\n')[0] ?? '')
  return `${kind === 'lacking' ? 'NOT MEASURED' : 'FAILED'}: ${said}`
}

function onOneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ')
}

/** Three figures that count, or all before the point. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value === Infinity ? 'inf' : 'unknown'
  const figures = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return value.toLocaleString('en-US', figures)
}

function formatLoad(load: readonly number[]): string {
  return load.map((value) => value.toFixed(1)).join(' ')
}
