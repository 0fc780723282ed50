import { rateOf } from '../../campaign/rate.js'
import { showChart } from '../chart.js'
import { formatCount } from '../figures.js'
import { markup, type Markup } from '../markup.js'
import { pairTable, table, wide } from '../tables.js'
import { formatTime, nightName, nightPage } from './layout.js'
import { formatRate } from './news.js'
import type { SiteSource } from './source.js'
import type { CellTally, SignatureTally, Tally } from './tally.js'
import { ratesOf, trendOf } from './trend.js'

/** Trends that are drawn on the page of all. */
const mostTrends = 12

/** Runs whose evidence stands on a signature's page. */
const mostEvidence = 3

/** All signatures there ever were. */
export function* signaturesContent(tally: Tally): Generator<Markup> {
  const { signatures } = tally
  const cells = byKey(tally)
  if (signatures.length === 0) {
    yield markup`<p>Nothing was ever found.</p>`
    return
  }
  const shown = signatures.slice(0, mostTrends)
  yield markup`<section><h2>Trends</h2><p class="dim">Failed runs per night, in per cent of the runs in the cells that ever showed it; shaded: the interval at 95 %.</p>
<div class="charts">
`
  for (const [index, one] of shown.entries())
    yield showChart(trendOf(`trend-${String(index)}`, one.signature, ratesOf(one, cells), tally))
  yield markup`</div></section>
<section><h2>All signatures</h2>
<form class="filters" data-filters="signatures" role="search"><label>signature or kernel has<input type="search" name="text" autocomplete="off"></label><output aria-live="polite"></output></form>
<div class="wide" tabindex="0"><table class="list" data-filtered="signatures"><thead><tr><th>signature</th><th class="number">runs</th><th>first seen</th><th>last seen</th><th>kernels</th></tr></thead><tbody>
`
  for (const { signature, page, runs, firstSeen, lastSeen, kernels } of signatures)
    yield markup`<tr><td><a href="${page}">${signature}</a></td><td class="number">${formatCount(runs)}</td><td>${formatTime(firstSeen.started)}</td><td>${formatTime(lastSeen.started)}</td><td>${[...kernels].join(', ')}</td></tr>
`
  yield markup`</tbody></table></div></section>
`
}

/** One signature: since when, where, how often, what proves it, and what to type. */
export function* signatureContent(one: SignatureTally, tally: Tally, source: SiteSource): Generator<Markup> {
  const cells = byKey(tally)
  const rates = ratesOf(one, cells)
  yield pairTable([
    ['rule', one.rule],
    ['runs', formatCount(one.runs)],
    ['first seen', markup`<a href="${nightPage(one.firstSeen)}">${nightName(one.firstSeen)}</a>`],
    ['last seen', markup`<a href="${nightPage(one.lastSeen)}">${nightName(one.lastSeen)}</a>`],
    ['kernels', [...one.kernels].join(', ')],
  ])
  yield showChart(trendOf('trend', 'Failed runs per night, %; shaded: the interval at 95 %', rates, tally))
  yield markup`<section><h2>Cells</h2>${table(
    ['cell', 'runs with it, of those that could have shown it', 'last seen'],
    [...one.cells].map(([key, hits]) => cellRow(key, hits, cells, tally)),
  )}</section>
<section><h2>Evidence</h2>
`
  for (const { run, key, night, seed, release } of one.examples.slice(0, mostEvidence)) {
    const evidence = source.evidenceOf(run, one.signature)
    if (evidence === null) continue
    const link = evidence.report === null ? '' : markup` · <a href="${evidence.report}">report of the run</a>`
    yield markup`<article class="finding"><h3>${key}</h3>
<p class="dim">${release}, seed ${seed}, <a href="${nightPage(night)}">${nightName(night)}</a>${link}</p>
${pairTable(evidence.commands.map(([what, command]) => [what, markup`<code>${command}</code>`]))}
${wide(markup`<pre>${evidence.text}</pre>`)}
</article>
`
  }
  yield markup`</section>
<section><h2>Newest runs</h2><ul>${one.examples.map(({ key, night, seed, count }) => markup`<li><a href="${nightPage(night)}">${formatTime(night.started)}</a> ${key}, seed ${seed}, ${formatCount(count)} times</li>\n`)}</ul></section>
`
}

function cellRow(
  key: string,
  hits: SignatureTally['cells'] extends ReadonlyMap<string, infer Nights> ? Nights : never,
  cells: ReadonlyMap<string, CellTally>,
  { nights }: Tally,
): string[] {
  const ran = [...(cells.get(key)?.nights.values() ?? [])]
  const all = [...hits.values()]
  const found = all.reduce((sum, night) => sum + night.all, 0)
  const trials =
    ran.reduce((sum, { whole }) => sum + whole, 0) + all.reduce((sum, { partial }) => sum + partial, 0)
  const last = nights[Math.max(...hits.keys())]
  return [key, formatRate(rateOf({ hits: found, trials })), formatTime(last?.started ?? '')]
}

function byKey({ cells }: Tally): Map<string, CellTally> {
  return new Map(cells.map((cell) => [cell.key, cell]))
}
