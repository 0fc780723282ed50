import { existsSync } from 'node:fs'
import { UsageError } from '../fct-error.js'
import { summarizeNight, type NightSummary } from '../campaign/night-summary.js'
import { printable } from '../report/figures.js'
import { formatTable } from '../report/text-table.js'
import { exportLines, importLines } from '../store/exchange.js'
import { cellKey } from '../store/history-records.js'
import { HistoryReader, type SignatureSummary } from '../store/history.js'
import { HistoryWriter } from '../store/history-writer.js'
import { exitStatus } from './exit-status.js'
import { toLines, writeText } from './write-text.js'

export interface HistoryOptions {
  readonly signature?: string
  readonly nights: number
  readonly export?: string
  readonly import?: string
  readonly json?: boolean
  /** The history's file. */
  readonly store: string
}

/** Shows the history, or moves it. The exit status is 0: nothing is judged here. */
export async function historyCommand(options: HistoryOptions): Promise<number> {
  const { signature, store: path } = options
  if (options.import !== undefined) return importCommand(options.import, path)
  const store = new HistoryReader(path)
  try {
    if (options.export !== undefined) {
      const lines = toLines(exportLines(store))
      await (options.export === '-' ? writeText(lines) : writeText(lines, options.export))
    } else if (signature !== undefined) await showSignature(signature, store, options)
    else await showNights(store, options)
    return exitStatus.pass
  } finally {
    store.close()
  }
}

async function importCommand(file: string, path: string): Promise<number> {
  const store = new HistoryWriter(path)
  try {
    const { campaigns, runs, known } = await importLines(store, file)
    const told = known === 0 ? '' : `; ${String(known)} runs were there already`
    process.stderr.write(`${String(campaigns)} nights and ${String(runs)} runs added${told}\n`)
    return exitStatus.pass
  } finally {
    store.close()
  }
}

async function showNights(store: HistoryReader, { nights, json }: HistoryOptions): Promise<void> {
  const last = store.latestCampaigns(nights).map((campaign) => summarizeNight(store, campaign, []))
  const signatures = store.signatures()
  if (json === true) await writeText([toJson({ schema: 1, nights: last.map(nightDocument), signatures })])
  else await writeText([`${nightTable(last)}\n`, ...signatureTable(signatures)])
}

/** Without what only a night that has just ended tells: JSON leaves out what is undefined. */
function nightDocument(night: NightSummary): object {
  return { ...night, notRun: undefined }
}

function nightTable(nights: readonly NightSummary[]): string {
  const rows = nights.map(({ campaign, verdict, cells, findings }) => {
    const sum = (name: 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR'): string =>
      String(cells.reduce((total, { verdicts }) => total + verdicts[name], 0))
    return [
      ...[campaign.started, campaign.name, campaign.outcome ?? 'not ended', verdict, String(cells.length)],
      ...[sum('PASS'), sum('FAIL'), sum('INCONCLUSIVE'), sum('ERROR'), String(findings.length)],
    ]
  })
  const head = [
    'night',
    'plan',
    'ended',
    'verdict',
    'cells',
    'PASS',
    'FAIL',
    'INCONCLUSIVE',
    'ERROR',
    'findings',
  ]
  return formatTable([head, ...rows])
}

function signatureTable(signatures: readonly SignatureSummary[]): string[] {
  if (signatures.length === 0) return []
  const rows = signatures.map(({ signature, runs, firstSeen, lastSeen, kernels }) =>
    [firstSeen, lastSeen, String(runs), kernels.join(', '), signature].map(printable),
  )
  return [`\n${formatTable([['first seen', 'last seen', 'runs', 'kernels', 'signature'], ...rows])}\n`]
}

async function showSignature(text: string, store: HistoryReader, { json }: HistoryOptions): Promise<void> {
  const summary = findSignature(text, store.signatures())
  if (json === true) {
    const findings = [...occurrences(summary.signature, store)]
    await writeText([toJson({ schema: 1, ...summary, findings })])
    return
  }
  const { signature, runs, firstSeen, lastSeen, kernels } = summary
  const head = `${signature}\n${String(runs)} runs, first ${firstSeen}, last ${lastSeen}, on ${kernels.join(', ')}\n`
  await writeText([printable(head), '\n', ...occurrenceLines(signature, store)])
}

function findSignature(text: string, all: readonly SignatureSummary[]): SignatureSummary {
  const exact = all.find(({ signature }) => signature === text)
  const alike = all.filter(({ signature }) => signature.includes(text))
  const [first, second] = alike
  if (exact !== undefined) return exact
  if (first !== undefined && second === undefined) return first
  const listed = (alike.length > 0 ? alike : all).slice(0, 20).map(({ signature }) => printable(signature))
  throw new UsageError(
    'FCT_HISTORY_SIGNATURE',
    `${alike.length === 0 ? 'no' : 'more than one'} signature has ${JSON.stringify(text)} in it`,
    listed.join('\n'),
  )
}

interface Occurrence {
  readonly run: number
  readonly campaign: number
  readonly started: string
  readonly cell: string
  readonly seed: number
  readonly attempt: number
  readonly counts: boolean
  readonly count: number
  readonly kernelRelease: string
  readonly kernelHash: string
  readonly firstGuestSecond: number
  /** null: retention removed it. */
  readonly folder: string | null
}

function* occurrences(signature: string, store: HistoryReader): Generator<Occurrence> {
  for (const { run: id, count, firstGuestSecond } of store.findingsBySignature(signature)) {
    const run = store.run(id)
    if (run === undefined) continue
    const { campaign, started, cell, seed, attempt, counts, kernelRelease, kernelHash, folder } = run
    yield {
      ...{ run: id, campaign, started, cell: cellKey(cell), seed, attempt, counts, count },
      ...{ kernelRelease, kernelHash, firstGuestSecond, folder: existsSync(folder) ? folder : null },
    }
  }
}

function* occurrenceLines(signature: string, store: HistoryReader): Generator<string> {
  for (const told of occurrences(signature, store)) {
    const { started, cell, seed, count, kernelRelease, folder } = told
    const times = count === 1 ? 'once' : `${String(count)} times`
    const where = folder ?? 'run folder removed'
    yield printable(`${started}  ${cell}  ${kernelRelease}  seed ${String(seed)}  ${times}  ${where}\n`)
  }
}

function toJson(document: object): string {
  return JSON.stringify(document, null, 2) + '\n'
}
