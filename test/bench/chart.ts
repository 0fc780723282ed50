import { markup, type Markup } from '../../harness/report/markup.js'
import type { BenchRun } from './document.js'
import { formatMachine } from './machine.js'
import { isMet, marginOf, type Row } from './row.js'
import type { Outcome } from './run-bench.js'
import { cellsOf, formatFailure } from './table.js'

const left = 470
const plot = 420
const width = 1250
const top = 74
const pitch = 24
/** Powers of ten to both sides of the bar; what is beyond ends at the edge. */
const decades = 2
const [met, missed, dim, line] = ['#17753a', '#b3202c', '#59636e', '#d9dee3']

/**
 * A picture that needs nothing else (SVG): how many times each row with a bar is over or under it, on a logarithmic scale. XML has
 * no place for two characters, whatever they are written as.
 */
export function renderChart({ began, machine }: BenchRun, outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ name, rows, failure }) => [
    ...rows.filter(({ bar }) => bar !== undefined).map((row) => ({ name, row })),
    ...(failure ? [{ name, failure }] : []),
  ])
  const height = top + Math.max(1, lines.length) * pitch + 24
  const drawn = lines.map(({ name, ...one }, index) => {
    const y = top + index * pitch
    return 'row' in one ? drawRow(name, one.row, y) : drawText(`${name}: ${formatFailure(one.failure)}`, y)
  })
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="benches of fctorture against their bars" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="12" y="22" font-size="16" font-weight="600">fctorture: how many times each bar is met</text>
<text x="12" y="40" fill="${dim}" font-size="11">${fit(`${formatMachine(machine)}; ${began}`, 200)}</text>
${drawScale(height)}${drawn}</svg>
`.text.replace(/[\ufffe\uffff]/g, '\ufffd')
}

function drawScale(height: number): Markup[] {
  const powers = Array.from({ length: 2 * decades + 1 }, (_, index) => index - decades)
  return powers.map((power) => {
    const x = left + placeOf(10 ** power)
    const label = power === 0 ? 'the bar' : `${10 ** power} x`
    return markup`<line x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 16}" stroke="${power === 0 ? '#1f2328' : line}"/>
<text x="${x}" y="${top - 14}" text-anchor="middle" fill="${dim}" font-size="11">${label}</text>
`
  })
}

function drawRow(name: string, row: Row, y: number): Markup {
  const isOver = isMet(row) === true
  const margin = marginOf(row) ?? NaN
  const [bar, value] = [placeOf(1), Number.isNaN(margin) ? placeOf(0) : placeOf(margin)]
  const [, ours = '', , ratio = '', wanted = ''] = cellsOf(row)
  const says = `${isOver ? 'met' : 'MISSED'}: ${ratio.trim() === '' || !wanted.endsWith(' x') ? ours : ratio} (${wanted})`
  const start = left + Math.min(bar, value)
  // A margin of one is to be seen, too.
  const length = Math.max(2, Math.abs(value - bar))
  return markup`<text x="${left - 10}" y="${y + 13}" text-anchor="end">${fit(`${name}: ${row.what}`, 66)}</text>
<rect x="${start}" y="${y + 2}" width="${length}" height="${pitch - 8}" fill="${isOver ? met : missed}"><title>${name}: ${row.what}</title></rect>
<text x="${left + plot + 10}" y="${y + 13}" fill="${isOver ? met : missed}">${fit(says, 52)}</text>
`
}

function drawText(text: string, y: number): Markup {
  return markup`<text x="12" y="${y + 13}" fill="${missed}">${fit(text, 170)}</text>
`
}

/** From the left edge of the plot. */
function placeOf(margin: number): number {
  const power = Math.min(decades, Math.max(-decades, Math.log10(margin)))
  return Math.round(((power + decades) * plot) / (2 * decades))
}

function fit(text: string, most: number): string {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}
