import { formatCount } from '../figures.js'
import { markup, type Markup } from '../markup.js'
import { formatTime } from './layout.js'
import type { Judgement } from './source.js'
import type { Tally } from './tally.js'

/** What the newest night says against those before: what is news first, troubles apart. */
export function* showNews({ judgements: { findings, troubles }, signatures }: Tally): Generator<Markup> {
  const pages = new Map(signatures.map(({ signature, page }) => [signature, page]))
  yield* showList('Findings, compared', findings, pages)
  yield* showList('Trouble of the machinery', troubles, pages)
}

function* showList(
  title: string,
  all: readonly Judgement[],
  pages: ReadonlyMap<string, string>,
): Generator<Markup> {
  if (all.length === 0) return
  const news = all.filter(({ isNews }) => isNews)
  const others = all.filter(({ isNews }) => !isNews)
  yield markup`<section><h2>${title}</h2>
`
  if (news.length > 0) yield* showTable(news, pages)
  else yield markup`<p>Nothing new.</p>`
  if (others.length > 0) {
    yield markup`<details><summary>${formatCount(others.length)} as before</summary>`
    yield* showTable(others, pages)
    yield markup`</details>`
  }
  yield markup`</section>
`
}

function* showTable(all: readonly Judgement[], pages: ReadonlyMap<string, string>): Generator<Markup> {
  yield markup`<div class="wide" tabindex="0"><table class="list"><thead><tr><th>what</th><th>cell</th><th></th><th class="number">tonight</th><th class="number">before</th><th>first seen</th></tr></thead><tbody>
`
  for (const one of all) yield showRow(one, pages.get(one.what))
  yield markup`</tbody></table></div>
`
}

function showRow(
  { what, cell, kind, tonight, before, firstSeen }: Judgement,
  page: string | undefined,
): Markup {
  const name = page === undefined ? markup`${what}` : markup`<a href="${page}">${what}</a>`
  return markup`<tr><td>${name}</td><td>${cell}</td><td><span class="kind ${kind}">${kind}</span></td><td class="number">${formatRate(tonight)}</td><td class="number">${before === null ? '' : formatRate(before)}</td><td>${formatTime(firstSeen)}</td></tr>
`
}

/** "2/40, 0.6 to 17 %" */
export function formatRate({ hits, trials, low, high }: Judgement['tonight']): string {
  if (trials === 0) return 'no runs'
  return `${formatCount(hits)}/${formatCount(trials)}, ${percent(low)} to ${percent(high)} %`
}

function percent(part: number): string {
  return (part * 100).toLocaleString('en-US', { maximumSignificantDigits: 2 })
}
