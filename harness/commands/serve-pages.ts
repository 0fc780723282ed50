import { readFileSync } from 'node:fs'
import { livePage } from '../report/site/live-page.js'
import { siteAssets } from '../report/site/layout.js'
import { openSite, type SitePages } from '../report/site/site.js'
import { tallyHistory } from '../report/site/tally.js'
import type { Served, ServedPages } from '../serve/server.js'
import type { ProgressRow } from '../store/history-records.js'
import type { HistoryReader } from '../store/history.js'
import { HistorySource, reportPage } from './site-source.js'

const options = { isLive: true }

/** A history that grows is counted again at most so often, ms. */
const tallyEveryMs = 5000

/** The site, made as it is asked for, the live page, and what is told of the campaign that runs. */
export class HistoryPages implements ServedPages {
  readonly #history: HistoryReader
  readonly #source: HistorySource
  readonly #assets = siteAssets(options)
  #site: { readonly pages: Promise<SitePages>; readonly madeAt: number; readonly version: string } | undefined

  constructor(history: HistoryReader) {
    this.#history = history
    this.#source = new HistorySource(history)
  }

  async find(name: string): Promise<Served | undefined> {
    const asset = this.#assets.get(name)
    if (asset !== undefined) return { kind: name.endsWith('.css') ? 'style' : 'script', text: [asset] }
    if (name === 'live.html') return { kind: 'page', text: livePage(options) }
    const run = /^run-(\d{1,12})\.html$/.exec(name)?.[1]
    if (run !== undefined) return this.#report(Number(run))
    const text = (await this.#current()).render(name)
    return text && { kind: 'page', text }
  }

  /** Who comes new is told all of the newest campaign. */
  follow(after: number): readonly ProgressRow[] {
    if (after > 0) return this.#history.progressAfter(after)
    const latest = this.#history.latestCampaign()
    return latest === undefined ? [] : this.#history.progressAfter(this.#history.progressBefore(latest.id))
  }

  /** Only by its number in the history: no part of a path comes from the reader. */
  #report(run: number): Served | undefined {
    const path = this.#source.reportFile(run)
    return path === undefined ? undefined : { kind: 'report', text: [readFileSync(path, 'utf8')] }
  }

  #current(): Promise<SitePages> {
    const latest = this.#history.latestCampaign()
    const isFresh = this.#site !== undefined && Date.now() - this.#site.madeAt < tallyEveryMs
    const version = `${String(latest?.id)} ${String(latest?.ended)}`
    const isDone = latest === undefined || latest.ended !== null
    if (this.#site === undefined || (!isFresh && !(isDone && this.#site.version === version)))
      this.#site = { pages: this.#make(), madeAt: Date.now(), version }
    return this.#site.pages
  }

  async #make(): Promise<SitePages> {
    return openSite(await tallyHistory(this.#source), this.#source, reportPage, options)
  }
}
