import { describeKernel } from './describe-kernel.js'
import { upperBound } from '../verdict/exposure-bound.js'
import type { ResultDocument } from '../verdict/result.js'
import { viewConsole } from './console-view.js'
import type { ReportExtras } from './extras.js'
import {
  errorCounts,
  exposureRows,
  formatCount,
  formatOccurrence,
  operationHeads,
  operationRows,
} from './figures.js'
import { showFindings } from './findings-view.js'
import { markup, type Markup } from './markup.js'
import { assetsOfCharts, wholePage } from './page.js'
import { shellWord } from '../shell-word.js'
import { pairTable, table } from './tables.js'
import { showLosses, showTimeline } from './time-line.js'

/** report.html: one file that needs nothing else. Whatever the guest said is text in it, never markup. */
export function renderHtml(result: ResultDocument, extras: ReportExtras): string {
  const title = `${result.verdict}: ${result.scenario} on ${result.kernel.name}`
  const sections: readonly Section[] = [
    ['findings', 'Findings', showFindings(result, extras)],
    ['commands', 'Commands', showCommands(result, extras)],
    ['timeline', 'Time line', showTimeline(result, extras)],
    ['operations', 'Operations', showOperations(result, extras)],
    ['windows', 'Windows', showExposure(result, extras)],
    ['events', 'Events', markup`${showEvents(result)}${showLosses(extras)}`],
    ['rules', 'Rules', showRules(result, extras)],
    ['parameters', 'Parameters', showParameters(extras)],
    ['console', 'Console', viewConsole(extras.console, extras.splats)],
  ]
  const body = markup`${showHeader(result)}
<nav aria-label="Sections">${sections.map(([id, name]) => markup`<a href="#${id}">${name}</a> `)}</nav>
<main id="main">
${sections.map(showSection)}</main>`
  return wholePage(title, body, assetsOfCharts())
}

type Section = readonly [id: string, name: string, content: Markup]

function showSection([id, name, content]: Section): Markup {
  return markup`<section id="${id}"><h2>${name}</h2>
${content}
</section>
`
}

function showHeader(result: ResultDocument): Markup {
  const { verdict, scenario, kernel, target, seed, run } = result
  const patches = kernel.patches.map((patch) => markup` + ${patch}`)
  return markup`<header>
<h1><span class="verdict ${verdict}">${verdict}</span> ${scenario} on ${kernel.name}${patches}</h1>
<p class="dim">${describeKernel(kernel)}; ${target.kind}, ${target.accel}; seed ${seed}<br>${run}</p>
${showKeyFigures(result)}
${showReasons(result)}
</header>`
}

/** Findings are named by their links, other reasons by their codes. */
function showReasons({ findings, reasons }: ResultDocument): Markup {
  const links = findings.map((finding, index) => {
    const link = markup`<a href="#finding-${index + 1}">${finding.signature}</a>`
    return markup`<li>${link} <span class="dim">${formatOccurrence(finding)}</span></li>\n`
  })
  const others = reasons
    .filter(({ code }) => code !== 'FCT_ORACLE_FINDING')
    .map(({ code, message }) => markup`<li>${message} <span class="dim">${code}</span></li>\n`)
  return links.length + others.length === 0 ? markup`` : markup`<ul class="reasons">${links}${others}</ul>`
}

function showKeyFigures({
  guestSeconds,
  findings,
  events: { read, lost },
  exposure,
}: ResultDocument): Markup {
  const windows = Object.values(exposure).reduce((all, count) => all + count, 0)
  const figures = [
    ['findings', formatCount(findings.length)],
    ['of load', `${guestSeconds.toFixed(1)} s`],
    ['events read', formatCount(read)],
    ['events lost', formatCount(lost)],
    ['windows open', formatCount(windows)],
  ] as const
  return markup`<dl class="figures">${figures.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function showCommands({ findings, run }: ResultDocument, { repeat }: ReportExtras): Markup {
  const folder = shellWord(run)
  const ofFindings: [string, string][] = [
    ['the smallest scenario that still fails', `npx fctorture minimise ${folder}`],
    ['this very run once more', `npx fctorture replay ${folder}`],
    ['all of the life behind finding 1', `npx fctorture check ${folder} --explain 1`],
  ]
  const commands: [string, string][] = [
    ['to repeat the run', repeat],
    ...(findings.length > 0 ? ofFindings : []),
    ['the trace, for Perfetto', `npx fctorture trace export ${folder} --format chrome --output trace.json`],
  ]
  return pairTable(commands.map(([what, command]) => [what, markup`<code>${command}</code>`]))
}

function showOperations(result: ResultDocument, extras: ReportExtras): Markup {
  const errors = errorCounts(extras)
  return markup`${table(['', ...operationHeads], operationRows(result, extras))}
<p class="dim">Client errors: ${errors.length > 0 ? errors.join(', ') : 'none'}.</p>`
}

/** Only a PASS excludes a rate. */
function showExposure(result: ResultDocument, extras: ReportExtras): Markup {
  const isPass = result.verdict === 'PASS'
  const cells = exposureRows(result, extras).map(([pair, count]) => [
    pair,
    formatCount(count),
    ...(isPass ? [count > 0 ? upperBound(count).toExponential(1) : ''] : []),
  ])
  if (cells.length === 0) return markup`<p>No window was open.</p>`
  const bound = isPass ? ['failure rate per window above this is excluded at 95 %'] : []
  return table(['pair', 'open', ...bound], cells)
}

function showEvents({ events: { produced, read, lost, unexplained } }: ResultDocument): Markup {
  const cells = [produced, read, lost, unexplained].map(formatCount)
  return table(['', 'produced', 'read', 'lost', 'unexplained'], [['trace events', ...cells]])
}

function showRules({ rules: { applied, notApplied } }: ResultDocument, { notes }: ReportExtras): Markup {
  const noteOn = (id: string): string => notes.find((note) => note.id === id)?.note ?? ''
  return pairTable([
    ...applied.map((id): [string, string] => [id, `applied${noteOn(id) === '' ? '' : `; ${noteOn(id)}`}`]),
    ...notApplied.map(({ id, reason }): [string, string] => [id, `not applied: ${reason}`]),
  ])
}

function showParameters({ parameters }: ReportExtras): Markup {
  return pairTable(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
}
