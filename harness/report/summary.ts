import { describeAutopsy } from './describe-autopsy.js'
import { describeKernel } from './describe-kernel.js'
import pc from 'picocolors'
import { describeExposure } from '../verdict/exposure-bound.js'
import type { ResultDocument, VerdictName } from '../verdict/result.js'
import type { ReportExtras } from './extras.js'
import {
  exposureRows,
  formatCount,
  formatOccurrence,
  errorCounts,
  operationHeads,
  operationRows,
  printable,
} from './figures.js'

export type Colors = ReturnType<typeof pc.createColors>

/**
 * What a run has to say, for a terminal.
 *
 * @param colors Picocolors' own choice by default (NO_COLOR, FORCE_COLOR, whether there is a terminal).
 */
export function summarize(result: ResultDocument, extras: ReportExtras, colors: Colors = pc): string {
  const sections = [
    headline(result, colors),
    listReasons(result, colors),
    listFindings(result, colors),
    operations(result, extras, colors),
    windows(result, extras, colors),
    [countEvents(result, colors), ...liveNotes(result)].join('\n'),
    listRules(result, extras, colors),
    listAutopsy(result, colors),
    `${colors.bold('Report')}  ${extras.reportPath}`,
  ]
  return sections.filter((section) => section !== '').join('\n\n') + '\n'
}

function headline(result: ResultDocument, colors: Colors): string {
  const { verdict, scenario, kernel, target, seed, guestSeconds } = result
  const name = [kernel.name, ...kernel.patches].join(' + ')
  const run = `on ${name}, ${guestSeconds.toFixed(1)} s of load, seed ${String(seed)}`
  return [
    `${paintVerdict(verdict, colors)} ${colors.bold(scenario)} ${run}`,
    colors.dim(printable(`${describeKernel(kernel)}; ${target.kind}, ${target.accel}`)),
  ].join('\n')
}

export function paintVerdict(verdict: VerdictName, colors: Colors): string {
  const text = colors.bold(` ${verdict} `)
  if (verdict === 'PASS') return colors.bgGreen(colors.black(text))
  return verdict === 'FAIL' ? colors.bgRed(colors.white(text)) : colors.bgYellow(colors.black(text))
}

/** Findings follow in full; here stands what else there is to say. */
export function listReasons({ reasons: all }: Pick<ResultDocument, 'reasons'>, colors: Colors): string {
  const others = all.filter(({ code }) => code !== 'FCT_ORACLE_FINDING')
  return others.map(({ code, message }) => `${printable(message)} ${colors.dim(code)}`).join('\n')
}

export function listFindings(
  { findings: all }: { readonly findings: readonly Told[] },
  colors: Colors,
): string {
  const texts = all.map((finding, index) => {
    const when = colors.dim(formatOccurrence(finding))
    const title = `${String(index + 1)}. ${colors.red(printable(finding.signature))} ${when}`
    return `${title}\n${indent(shorten(printable(finding.evidence)))}`
  })
  return texts.length === 0 ? '' : [colors.bold('Findings'), ...texts].join('\n')
}

type Told = Parameters<typeof formatOccurrence>[0] &
  Pick<ResultDocument['findings'][number], 'signature' | 'evidence'>

/** A splat can have hundreds of lines; the report has them all. */
const mostEvidence = 30

function shorten(evidence: string): string {
  const lines = evidence.split('\n')
  if (lines.length <= mostEvidence) return evidence
  const rest = lines.length - mostEvidence
  return [
    ...lines.slice(0, mostEvidence),
    `... ${String(rest)} more line${rest === 1 ? '' : 's'} in the report`,
  ].join('\n')
}

function operations(result: ResultDocument, extras: ReportExtras, colors: Colors): string {
  const rows = operationRows(result, extras)
  if (rows.length === 0) return ''
  const [head = '', ...body] = align([['Operations', ...operationHeads], ...rows])
  const errors = errorCounts(extras)
  const tail = errors.length > 0 ? [`client errors: ${errors.join(', ')}`] : []
  return [colors.bold(head), ...body, ...tail].join('\n')
}

/** First column to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart((widths[column] ?? 0) + 2)
  return rows.map((row) => row.map(pad).join('').trimEnd())
}

function windows(result: ResultDocument, extras: ReportExtras, colors: Colors): string {
  const rows = exposureRows(result, extras)
  if (rows.length === 0) return ''
  const lines = rows.map(([pair, count]) => {
    const isExcluded = result.verdict === 'PASS' && count > 0
    return isExcluded ? describeExposure(pair, count) : `${pair} was open ${formatCount(count)} times`
  })
  return [colors.bold('Windows'), ...lines].join('\n')
}

export function countEvents(
  { events: { produced, read, lost, unexplained } }: Pick<ResultDocument, 'events'>,
  colors: Colors,
): string {
  const parts = [`${formatCount(read)} read of ${formatCount(produced)}`, `${formatCount(lost)} lost`]
  parts.push(`${formatCount(unexplained)} unexplained`)
  const isWhole = lost === 0 && unexplained === 0
  return `${colors.bold('Events')}  ${isWhole ? parts.join(', ') : colors.yellow(parts.join(', '))}`
}

function liveNotes({ live: { gaveUp, withdrawn } }: ResultDocument): string[] {
  return [
    ...(gaveUp === null ? [] : [`judged at the end only; while the run went on ${printable(gaveUp)}`]),
    ...withdrawn.map((signature) => `told while the run went on, and not borne out: ${printable(signature)}`),
  ]
}

export function listRules(
  result: Pick<ResultDocument, 'rules'>,
  { notes }: Pick<ReportExtras, 'notes'>,
  colors: Colors,
): string {
  const { applied, notApplied } = result.rules
  return [
    `${colors.bold('Rules')}   ${String(applied.length)} applied: ${applied.join(', ')}`,
    ...byReason(notApplied).map(([reason, ids]) => `not applied: ${ids.join(', ')}, ${printable(reason)}`),
    ...notes.map(({ id, note }) => colors.dim(`${id}: ${note}`)),
  ].join('\n')
}

function listAutopsy({ run, autopsy }: ResultDocument, colors: Colors): string {
  return autopsy === undefined ? '' : `${colors.bold('Autopsy')} ${describeAutopsy(run, autopsy)}`
}

/** One reason may keep many rules away. */
function byReason(notApplied: ResultDocument['rules']['notApplied']): [string, string[]][] {
  const groups = new Map<string, string[]>()
  for (const { id, reason } of notApplied) groups.set(reason, [...(groups.get(reason) ?? []), id])
  return [...groups]
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '   ')
}
