import { markup, type Markup } from '../markup.js'
import { formatCount } from '../figures.js'
import { formatTime, nightName, nightPage } from './layout.js'
import { showNews } from './news.js'
import type { SignatureTally, Tally } from './tally.js'
import { runsIn, verdicts, worstOf, type CellNight, type CellTally, type NightTally } from './tally.js'

/** Nights of the matrix; each has a page of its own, however old it is. */
const mostNights = 30

/** Cells by nights, newest night first, and above it what the newest night has to say. */
export function* matrixPage(tally: Tally): Generator<Markup> {
  const nights = tally.nights.toReversed()
  const [latest] = nights
  if (latest === undefined) {
    yield markup`<p>No night is in the history yet: <code>npx fctorture nightly plan.yaml</code></p>`
    return
  }
  yield summary(latest, tally)
  yield* showNews(tally)
  const shown = nights.slice(0, mostNights)
  yield markup`<section aria-labelledby="matrix-title"><h2 id="matrix-title">Cells by night</h2>
${filters(tally)}
<p class="legend">${legend}</p>
<div class="wide" tabindex="0"><table class="matrix" data-filtered="cells">
<thead><tr><th scope="col">cell</th>${shown.map(nightHead)}</tr></thead>
<tbody>
`
  for (const cell of tally.cells)
    if (shown.some(({ index }) => cell.nights.has(index))) yield row(cell, shown)
  yield markup`</tbody></table></div></section>
<section><h2>All nights</h2><details><summary>${formatCount(nights.length)} nights, newest first</summary>
<table class="list"><thead><tr><th>night</th><th class="number">runs</th>${verdicts.map((name) => markup`<th class="number">${name}</th>`)}</tr></thead><tbody>
`
  for (const night of nights) yield nightRow(night)
  yield markup`</tbody></table></details></section>
`
}

/** The newest night in figures. */
function summary(night: NightTally, { cells, signatures }: Tally): Markup {
  const ran = cells.filter(({ nights }) => nights.has(night.index)).length
  const seen = signatures.filter(({ lastSeen }) => lastSeen.id === night.id)
  const figures = [
    ['cells', ran],
    ['runs', night.runs],
    ['failed', night.verdicts.FAIL],
    ['no verdict', night.verdicts.ERROR + night.verdicts.INCONCLUSIVE],
    ['signatures seen', seen.length],
    ['for the first time', seen.filter(isFirstSeenIn(night)).length],
  ] as const
  return markup`<p>The newest night, <a href="${nightPage(night)}">${nightName(night)}</a>${night.ended === null ? ', has not ended' : ''}:</p>
<dl class="figures">${figures.map(([name, count]) => markup`<div><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`)}</dl>
`
}

function isFirstSeenIn({ id }: NightTally): (one: SignatureTally) => boolean {
  return ({ firstSeen }) => firstSeen.id === id
}

function filters({ cells }: Tally): Markup {
  const kernels = [...new Set(cells.map(({ cell }) => cell.kernel))].toSorted()
  const option = (value: string): Markup => markup`<option>${value}</option>`
  return markup`<form class="filters" data-filters="cells" role="search">
<label>cell has<input type="search" name="text" autocomplete="off"></label>
<label>kernel<select name="kernel"><option value="">any</option>${kernels.map(option)}</select></label>
<label>any night shown was<select name="verdict"><option value="">any</option>${verdicts.map(option)}</select></label>
<output aria-live="polite"></output>
</form>`
}

const letters = { PASS: 'P', FAIL: 'F', INCONCLUSIVE: 'I', ERROR: 'E' } as const

const legend = markup`${verdicts.map((verdict) => markup`<span class="v-${verdict}">${letters[verdict]}</span> ${verdict} `)}· the worst verdict of the cell's runs, how many had it, and of how many`

function nightHead(night: NightTally): Markup {
  const [date = '', time = ''] = formatTime(night.started).split(' ')
  return markup`<th scope="col"><a href="${nightPage(night)}" title="${nightName(night)}">${date.slice(5)}<br>${time}</a></th>`
}

function row({ key, cell, nights }: CellTally, shown: readonly NightTally[]): Markup {
  const worst = new Set(shown.flatMap(({ index }) => worstIn(nights.get(index))))
  return markup`<tr data-kernel="${cell.kernel}" data-verdict="${[...worst].join(' ')}"><th scope="row" title="${key}">${key}</th>${shown.map((night) => place(nights.get(night.index), night))}</tr>
`
}

function worstIn(night: CellNight | undefined): string[] {
  return night === undefined ? [] : [worstOf(night.verdicts)]
}

function place(night: CellNight | undefined, of: NightTally): Markup {
  if (night === undefined) return markup`<td></td>`
  const worst = worstOf(night.verdicts)
  const [had, all] = [night.verdicts[worst], runsIn(night.verdicts)]
  const text =
    had === all ? `${letters[worst]} ${String(all)}` : `${letters[worst]} ${String(had)}/${String(all)}`
  return markup`<td><a class="v-${worst}" href="${nightPage(of)}">${text}</a></td>`
}

function nightRow(night: NightTally): Markup {
  return markup`<tr><td><a href="${nightPage(night)}">${nightName(night)}</a></td><td class="number">${formatCount(night.runs)}</td>${verdicts.map((name) => markup`<td class="number">${formatCount(night.verdicts[name])}</td>`)}</tr>
`
}
