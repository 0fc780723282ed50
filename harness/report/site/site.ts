import type { Markup } from '../markup.js'
import { diffContent } from './diff-page.js'
import { nightName, nightPage, sitePage, type SiteOptions } from './layout.js'
import { matrixPage } from './matrix-page.js'
import { nightContent } from './night-page.js'
import { signatureContent, signaturesContent } from './signature-pages.js'
import type { SiteSource } from './source.js'
import type { Tally } from './tally.js'

/** A page of the site by its file's name; its text comes in pieces. */
export interface SitePages {
  readonly paths: Iterable<string>
  /** @returns undefined if there is no such page */
  render(path: string): Iterable<string> | undefined
}

/** @param reportOf Where the report of a run is, as a link of the site; null: nowhere */
export function openSite(
  tally: Tally,
  source: SiteSource,
  reportOf: (run: number) => string | null,
  options: SiteOptions,
): SitePages {
  const page = (
    title: string,
    path: string,
    body: Iterable<Markup>,
    scripts: string[] = [],
  ): Iterable<string> => sitePage({ title, path, scripts }, body, options)
  const charts = ['uplot.js', 'charts.js']
  const pages = new Map<string, () => Iterable<string>>([
    ['index.html', () => page('Matrix', 'index.html', matrixPage(tally))],
    ['signatures.html', () => page('Signatures', 'signatures.html', signaturesContent(tally), charts)],
    ['diff.html', () => page('Two nights', 'diff.html', diffContent(tally))],
  ])
  for (const night of tally.nights) {
    const path = nightPage(night)
    pages.set(path, () => page(nightName(night), path, nightContent(night, tally, source, reportOf)))
  }
  for (const one of tally.signatures)
    pages.set(one.page, () => page(one.signature, one.page, signatureContent(one, tally, source), charts))
  return { paths: pages.keys(), render: (path) => pages.get(path)?.() }
}
