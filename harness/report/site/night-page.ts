import { formatCount } from '../figures.js'
import { markup, type Markup } from '../markup.js'
import { formatTime } from './layout.js'
import type { NightRun, SiteSource } from './source.js'
import { verdicts, type NightTally, type Tally } from './tally.js'

/** One night: its signatures, and each of its runs. */
export function* nightContent(
  night: NightTally,
  { signatures }: Tally,
  source: SiteSource,
  reportOf: (run: number) => string | null,
): Generator<Markup> {
  const pages = new Map(signatures.map((one) => [one.signature, one]))
  const seen = signatures.filter(({ cells }) => [...cells.values()].some((hits) => hits.has(night.index)))
  yield markup`<p class="dim">${night.ended === null ? 'has not ended' : `ended ${formatTime(night.ended)}`}; ${formatCount(night.runs)} runs: ${verdicts.map((name) => markup`${formatCount(night.verdicts[name])} ${name} `)}</p>
<section><h2>Signatures</h2>
${seen.length === 0 ? markup`<p>None.</p>` : markup`<ul>${seen.map(({ signature, page, firstSeen }) => markup`<li><a href="${page}">${signature}</a> ${firstSeen.id === night.id ? markup`<span class="kind new">first seen</span>` : ''}</li>\n`)}</ul>`}
</section>
<section><h2>Runs</h2>
<form class="filters" data-filters="runs" role="search">
<label>cell or signature has<input type="search" name="text" autocomplete="off"></label>
<label>verdict<select name="verdict"><option value="">any</option>${verdicts.map((name) => markup`<option>${name}</option>`)}</select></label>
<output aria-live="polite"></output></form>
<div class="wide" tabindex="0"><table class="list" data-filtered="runs"><thead><tr><th>cell</th><th>verdict</th><th class="number">seed</th><th class="number">seconds</th><th>what</th></tr></thead><tbody>
`
  for (const run of source.runsOf(night.id))
    yield showRun(run, (signature) => pages.get(signature)?.page, reportOf)
  yield markup`</tbody></table></div></section>
`
}

function showRun(
  { id, key, seed, attempt, verdict, seconds, findings, reasons }: NightRun,
  pageOf: (signature: string) => string | undefined,
  reportOf: (run: number) => string | null,
): Markup {
  const found = findings.map(
    ({ signature }) => markup`<div><a href="${pageOf(signature) ?? ''}">${signature}</a></div>`,
  )
  const others = reasons
    .filter(({ code }) => code !== 'FCT_ORACLE_FINDING')
    .map(({ code }) => markup`<div class="dim">${code}</div>`)
  const report = reportOf(id)
  const name = report === null ? markup`${key}` : markup`<a href="${report}">${key}</a>`
  const again = attempt > 1 ? ` (attempt ${String(attempt)})` : ''
  return markup`<tr data-verdict="${verdict}"><td>${name}${again}</td><td><span class="verdict ${verdict}">${verdict}</span></td><td class="number">${seed}</td><td class="number">${seconds.toFixed(0)}</td><td>${found}${others}</td></tr>
`
}
