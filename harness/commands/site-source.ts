import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeNights } from '../campaign/judge-nights.js'
import type { NightRecord, NightRun } from '../campaign/nights.js'
import { printable } from '../report/figures.js'
import { shellWord } from '../shell-word.js'
import type { SiteEvidence, SiteJudgements, SiteSource } from '../report/site/source.js'
import { cellKey, type Campaign, type HistoryRun } from '../store/history-records.js'
import type { HistoryReader } from '../store/history.js'

/** The history, as the site reads it. */
export class HistorySource implements SiteSource {
  readonly #history: HistoryReader

  constructor(history: HistoryReader) {
    this.#history = history
  }

  nights(): Iterable<Campaign> {
    return this.#history.campaigns()
  }

  *runsOf(night: number): Generator<NightRun> {
    for (const run of this.#history.runsOf(night)) yield this.#toNightRun(run)
  }

  /** Nights of one plan are compared. */
  judgements(): SiteJudgements {
    const latest = this.#history.latestCampaign()
    if (latest === undefined) return { findings: [], troubles: [] }
    return judgeNights(this.#records(latest.name))
  }

  evidenceOf(id: number, signature: string): SiteEvidence | null {
    const run = this.#history.run(id)
    const finding = this.#history.documentOf(id).findings.find((one) => one.signature === signature)
    if (run === undefined || finding === undefined) return null
    const report = this.reportFile(id) === undefined ? null : reportPage(id)
    return { text: finding.evidence, commands: commandsFor(run), report }
  }

  /** report.html of a run, while its folder is kept. */
  reportFile(id: number): string | undefined {
    const folder = this.#history.run(id)?.folder
    const path = folder === undefined ? '' : join(folder, 'report.html')
    return existsSync(path) ? path : undefined
  }

  *#records(name: string): Generator<NightRecord> {
    for (const night of this.nights()) if (night.name === name) yield { night, runs: this.runsOf(night.id) }
  }

  #toNightRun({ kernelRelease, kernelHash, flavour, ...run }: HistoryRun): NightRun {
    const kernel = { release: kernelRelease, hash: kernelHash, flavour }
    return { ...run, key: cellKey(run.cell), kernel, findings: this.#history.findingsOf(run.id) }
  }
}

/** A run's report as a page of the site. */
export function reportPage(run: number): string {
  return `run-${String(run)}.html`
}

function commandsFor({ folder, cell, seed }: HistoryRun): SiteEvidence['commands'] {
  const { kernel, profile, scenario, patches } = cell
  const words = ['npx', 'fctorture', 'run', scenario, '--kernel', kernel, '--seed', String(seed)]
  if (profile !== 'stock') words.push('--profile', profile)
  if (patches.length > 0) words.push('--patch', ...patches)
  const repeat = readRepeat(folder) ?? words.map((word) => shellWord(printable(word))).join(' ')
  const path = shellWord(folder)
  return [
    ['to repeat the run', repeat],
    ['the smallest scenario that still fails', `npx fctorture minimise ${path}`],
    ['this very run once more', `npx fctorture replay ${path}`],
  ]
}

/** The command that the run itself noted; undefined once its folder has been removed. */
function readRepeat(folder: string): string | undefined {
  try {
    const { repeat } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { repeat?: unknown }
    return typeof repeat === 'string' ? repeat : undefined
  } catch {
    return undefined
  }
}
