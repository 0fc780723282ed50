import { markup, raw, type Markup } from '../markup.js'
import { assetsOfCharts, browserScript } from '../page.js'
import type { Night } from './source.js'

/** How the site is shown. */
export interface SiteOptions {
  /** By a server that tells of what goes on. */
  readonly isLive: boolean
}

/** The pages that are on each page's way. */
const places = [
  ['index.html', 'Matrix'],
  ['signatures.html', 'Signatures'],
  ['diff.html', 'Two nights'],
] as const

/** Files beside the pages, by name. */
export function siteAssets({ isLive }: SiteOptions): ReadonlyMap<string, string> {
  const { style, scripts } = assetsOfCharts()
  const own = ['site.js', ...(isLive ? ['live.js'] : [])].map((name) => [name, browserScript(name)] as const)
  return new Map([
    ['style.css', `${style}${siteStyle}`],
    ...scripts.map(({ name, text }) => [name, text] as const),
    ...own,
  ])
}

/**
 * A page of the site in pieces, so that long ones need no memory of their length. Its policy: nothing from elsewhere, nothing inline.
 *
 * @param scripts Names of assets, beside `site.js`.
 */
export function* sitePage(
  { title, path, scripts = [] }: { title: string; path: string; scripts?: readonly string[] },
  body: Iterable<Markup>,
  { isLive }: SiteOptions,
): Generator<string> {
  const all = [...(isLive ? [['live.html', 'Live'] as const] : []), ...places]
  const links = all.map(([to, name]) => {
    const current = to === path ? raw(' aria-current="page"') : ''
    return markup`<a href="${to}"${current}>${name}</a> `
  })
  yield markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; script-src 'self'${isLive ? raw("; connect-src 'self'") : ''}; base-uri 'none'; form-action 'none'">
<title>${title} · fctorture</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#main">to the content</a>
<nav aria-label="Site"><strong>fctorture</strong> ${links}</nav>
<main id="main">
<h1>${title}</h1>
`.text
  for (const part of body) yield part.text
  yield markup`</main>
${[...scripts, 'site.js'].map((name) => markup`<script src="${name}"></script>\n`)}</body>
</html>
`.text
}

export function nightPage({ id }: Pick<Night, 'id'>): string {
  return `night-${String(id)}.html`
}

/** "2026-11-27 02:15", UTC. */
export function formatTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

export function nightName({ started, name }: Pick<Night, 'started' | 'name'>): string {
  return `${formatTime(started)} ${name}`
}

const siteStyle = `
nav strong { margin-right: .4rem; } h1 { margin-top: 1rem; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .4rem 0 .8rem; }
.filters label { display: flex; flex-direction: column; font-size: .82em; color: var(--dim); }
.filters input, .filters select { font: inherit; font-size: .95rem; padding: .25rem .45rem; color: var(--text); background: var(--back); border: 1px solid var(--line); border-radius: 4px; max-width: 100%; }
.filters select { max-width: min(16rem, 88vw); } .filters input { width: 18rem; max-width: 88vw; } .filters output { font-size: .9em; color: var(--dim); padding-bottom: .35rem; }
table.matrix { font-size: .86em; white-space: nowrap; } table.matrix td, table.matrix th { padding: .12rem .3rem; }
table.matrix tbody th { position: sticky; left: 0; background: var(--back); font-weight: 400; padding-right: .8rem; }
table.matrix thead th { font-size: .85em; text-align: center; padding-bottom: .3rem; } table.matrix thead th:first-child { text-align: left; }
table.matrix td { text-align: center; font-variant-numeric: tabular-nums; border-bottom-color: transparent; }
table.matrix td a { display: block; min-width: 2.7em; padding: .05rem .25rem; border-radius: 3px; text-decoration: none; }
table.matrix td a:hover { text-decoration: underline; }
.v-PASS { color: var(--pass); background: var(--pass-back); } .v-FAIL { color: var(--fail); background: var(--fail-back); font-weight: 600; }
.v-INCONCLUSIVE, .v-ERROR { color: var(--doubt); background: var(--doubt-back); }
.legend { font-size: .85em; color: var(--dim); } .legend span { padding: .05rem .35rem; border-radius: 3px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(27rem, 100%), 1fr)); gap: .5rem 2rem; }
.charts .chart { min-height: 11rem; } .kind { font-size: .85em; padding: .05rem .4rem; border-radius: 3px; background: var(--code); white-space: nowrap; }
.kind.new, .kind.worse, .kind.back { color: var(--fail); background: var(--fail-back); } .kind.gone, .kind.better { color: var(--pass); background: var(--pass-back); }
[hidden] { display: none !important; }
table.list { width: 100%; } table.list td:first-child { overflow-wrap: anywhere; }
@media (max-width: 40rem) { table.matrix tbody th { max-width: 9.5rem; overflow: hidden; text-overflow: ellipsis; } }
.bar { appearance: none; height: .55rem; border: 0; border-radius: 3px; width: 100%; max-width: 40rem; background: var(--line); overflow: hidden; }
.bar::-webkit-progress-bar { background: var(--line); } .bar::-webkit-progress-value { background: var(--link); } .bar::-moz-progress-bar { background: var(--link); }
.guests { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: .8rem; }
.guest { border: 1px solid var(--line); background: var(--card); border-radius: 6px; padding: .6rem .8rem; } .guest h3 { overflow-wrap: anywhere; }
@media print { .filters { display: none; } table.matrix tbody th { position: static; } }
`
