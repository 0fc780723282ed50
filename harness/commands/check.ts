import { readFile, stat } from 'node:fs/promises'
import type { TraceSource } from '../decode/trace-source.js'
import { UsageError } from '../fct-error.js'
import { brokenRows, explainAddress, explainFinding, parseNamed } from '../oracle/explain.js'
import type { Listener } from '../oracle/hearing.js'
import type { FlavourId } from '../oracle/flavours/flavour.js'
import type { ObjectLife } from '../oracle/object-life.js'
import { judgeSource, readLives, type JudgePapers, type OracleReport } from '../oracle/oracle.js'
import { summarizeCheck } from '../report/check-summary.js'
import { printable } from '../report/figures.js'
import { lifeLines } from '../report/evidence-files.js'
import { codePath, describeLife } from '../report/life-rows.js'
import { readRunConsole, readRunPapers } from '../store/run-papers.js'
import { accountOf, composeCheck, coverageOf, type CheckDocument } from '../verdict/recording.js'
import { asUnreadable, openTraceInput, type TraceInputOptions } from './trace-input.js'
import { toLines, writeText } from './write-text.js'

export interface CheckOptions extends TraceInputOptions {
  readonly flavour: FlavourId | 'auto'
  readonly console?: string
  readonly explain?: string
  readonly json?: boolean
}

/** A recording, judged, and what it was judged by. */
export interface Checked {
  readonly source: TraceSource
  readonly papers: JudgePapers
  readonly oracle: OracleReport
  readonly document: CheckDocument
}

/** Judges a recording, and prints the verdict or the life of an object. The exit status is the verdict's. */
export async function checkCommand(file: string, options: CheckOptions): Promise<number> {
  const checked = await checkRecording(file, options)
  const isJson = options.json === true
  if (options.explain !== undefined) await explain(options.explain, checked, isJson)
  else await writeText([isJson ? toJson(checked.document) : summarizeCheck(checked.document)])
  return checked.document.exit
}

/** @param beside Is shown the trace, too, once. */
export async function checkRecording(
  file: string,
  options: CheckOptions,
  beside?: Listener,
): Promise<Checked> {
  const source = await openTraceInput(file, options)
  const { head } = source
  const run = (await isFolder(file)) ? await readRunPapers(file) : null
  const papers: JudgePapers = {
    console: await readConsole(file, options),
    isGuest: run !== null,
    filecache: run?.filecache ?? [],
    ...(run?.leftovers && { leftovers: run.leftovers }),
    wasRestarted: run?.wasRestarted ?? false,
    stressors: run?.stressors ?? [],
    ...(options.flavour !== 'auto' && { flavour: options.flavour }),
  }
  let account = accountOf({ ringStats: head.ringStats, rows: 0 }, run)
  const oracle = await judgeSource(source, papers, {
    ...(beside && { beside }),
    coverageOf: ({ rows, gaps }) => {
      account = accountOf({ ringStats: head.ringStats, rows }, run)
      return coverageOf({ gaps }, account)
    },
  })
  const document = composeCheck({ file, head, papers: run, account, oracle })
  return { source, papers, oracle, document }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory()
}

async function readConsole(file: string, { console }: CheckOptions): Promise<string> {
  if (console === undefined) return (await isFolder(file)) ? readRunConsole(file) : ''
  try {
    return await readFile(console, 'utf8')
  } catch (error) {
    throw asUnreadable('FCT_CONSOLE_UNREADABLE', console, error)
  }
}

function toJson(document: object): string {
  return JSON.stringify(document, null, 2) + '\n'
}

async function explain(text: string, checked: Checked, isJson: boolean): Promise<void> {
  const told = await lookUp(text, checked)
  if (typeof told === 'string') await writeText(toLines([printable(told)]))
  else if (isJson) await writeText([toJson({ schema: 1, lives: told })])
  else await writeText(toLines(told.flatMap(describe)))
}

/** @returns the lives, or the text that is all there is of a finding without an object */
async function lookUp(
  text: string,
  { source, papers, oracle: { findings } }: Checked,
): Promise<readonly ObjectLife[] | string> {
  const named = parseNamed(text)
  if (named === undefined) {
    throw noObject(
      `${text} is neither an address (0xffff888004100100, or #2 behind it) nor a finding's number`,
    )
  }
  if ('finding' in named) {
    const finding = findings[named.finding - 1]
    if (finding === undefined)
      throw noObject(`there is no finding ${String(named.finding)}: there are ${String(findings.length)}`)
    const { life } = finding
    if (!life) return finding.evidence
    return [explainFinding(await readLives(source, papers, { rows: brokenRows(life) }), life)]
  }
  const reader = await readLives(source, papers, { addresses: [named.address] })
  const lives = explainAddress(reader, named, findings)
  if (lives.length === 0) throw noObject(`the trace does not show ${text}`)
  return lives
}

function noObject(message: string): UsageError {
  return new UsageError('FCT_CHECK_NO_OBJECT', message)
}

function describe(life: ObjectLife): string[] {
  const path = codePath(life)
  return [describeLife(life), ...(path === '' ? [] : [`code path, ${path}`]), ...lifeLines(life), '']
}
