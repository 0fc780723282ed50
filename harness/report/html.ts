import { describeKernel } from './describe-kernel.js'
import { describeExposure, upperBound } from '../verdict/exposure-bound.js'
import type { ObjectLife } from '../oracle/object-life.js'
import type { ResultDocument, ResultFinding } from '../verdict/result.js'
import { viewConsole } from './console-view.js'
import type { ReportExtras } from './extras.js'
import {
  exposureRows,
  formatCount,
  formatOccurrence,
  operationRows,
  operationHeads,
  errorCounts,
} from './figures.js'
import { drawLife } from './life-picture.js'
import { codePath, describeLife, lifeHeads, lifeRows, type LifeRow } from './life-rows.js'
import { markup, raw, type Markup } from './markup.js'
import { style } from './style.js'

/** report.html: one file that needs nothing else. Whatever the guest said is text in it, never markup. */
export function renderHtml(result: ResultDocument, extras: ReportExtras): string {
  const title = `${result.verdict}: ${result.scenario} on ${result.kernel.name}`
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
${header(result)}
${findings(result, extras)}
${operations(result, extras)}
${exposure(result, extras)}
${events(result)}
${rules(result, extras)}
<h2>Parameters</h2>
${pairTable(Object.entries(extras.parameters).map(([name, value]) => [name, String(value)]))}
<h2>Console</h2>
${viewConsole(extras.console, extras.splats)}
</body>
</html>
`
  return page.text
}

function header({
  verdict,
  scenario,
  kernel,
  target,
  seed,
  guestSeconds,
  reasons,
  run,
}: ResultDocument): Markup {
  const patches = kernel.patches.map((patch) => markup` + ${patch}`)
  return markup`<h1><span class="${verdict}">${verdict}</span> ${scenario} on ${kernel.name}${patches}</h1>
<p class="dim">${describeKernel(kernel)};
${target.kind}, ${target.accel}; seed ${seed};
${guestSeconds.toFixed(1)} s of load; ${run}</p>
<ul>${reasons.map(({ code, message }) => markup`<li>${message} <span class="dim">${code}</span></li>`)}</ul>`
}

function findings({ findings: all, seed }: ResultDocument, extras: ReportExtras): Markup {
  if (all.length === 0) return markup`<h2>Findings</h2><p>None.</p>`
  return markup`<h2>Findings</h2>
<p>Seed ${seed}; to repeat the run: <code>${extras.repeat}</code></p>
${all.map((finding) => showFinding(finding, extras))}`
}

function showFinding(finding: ResultFinding, { splats, lives }: ReportExtras): Markup {
  const splat = splats.findIndex(({ text }) => text === finding.evidence)
  const link = splat < 0 ? '' : markup`, <a href="#splat-${splat + 1}">in the console</a>`
  const life = lives.get(finding.signature)
  const [says = ''] = finding.evidence.split('\n')
  return markup`<h3>${finding.signature}</h3>
<p class="dim">${formatOccurrence(finding)}${link}</p>
${life ? showLife(says, life) : markup`<pre>${finding.evidence}</pre>`}`
}

function showLife(says: string, life: ObjectLife): Markup {
  return markup`<p>${says}</p>
<p class="dim">${describeLife(life)}<br>code path, ${codePath(life)}</p>
<div class="wide">${drawLife(life)}</div>
<details open><summary>the life as a table</summary><div class="wide"><table class="life">
<tr>${lifeHeads.map((head) => markup`<th>${head}</th>`)}</tr>
${lifeRows(life).map(showLifeRow)}</table></div></details>`
}

function showLifeRow(row: LifeRow): Markup {
  if ('leftOut' in row)
    return markup`<tr><td colspan="${lifeHeads.length}" class="dim">... ${row.leftOut} ...</td></tr>\n`
  const cells = row.cells.map((cell) => markup`<td>${cell}</td>`)
  return row.isBroken ? markup`<tr class="broken">${cells}</tr>\n` : markup`<tr>${cells}</tr>\n`
}

function operations(result: ResultDocument, extras: ReportExtras): Markup {
  const rows = operationRows(result, extras)
  const errors = errorCounts(extras)
  return markup`<h2>Operations</h2>
${table(['', ...operationHeads], rows)}
<p class="dim">Client errors: ${errors.length > 0 ? errors.join(', ') : 'none'}.</p>`
}

function exposure(result: ResultDocument, extras: ReportExtras): Markup {
  const rows = exposureRows(result, extras)
  const cells = rows.map(([pair, count]) => [
    pair,
    formatCount(count),
    count > 0 ? upperBound(count).toExponential(1) : '',
  ])
  const bounds = rows.filter(([, count]) => result.verdict === 'PASS' && count > 0)
  return markup`<h2>Windows</h2>
${table(['pair', 'open', 'rate excluded at 95 % by a PASS'], cells)}
${bounds.map(([pair, count]) => markup`<p>${describeExposure(pair, count)}.</p>`)}`
}

function events({ events: { produced, read, lost, unexplained } }: ResultDocument): Markup {
  const cells = [produced, read, lost, unexplained].map(formatCount)
  return markup`<h2>Events</h2>
${table(['', 'produced', 'read', 'lost', 'unexplained'], [['trace events', ...cells]])}`
}

function rules({ rules: { applied, notApplied } }: ResultDocument, { notes }: ReportExtras): Markup {
  const noteOn = (id: string): string => notes.find((note) => note.id === id)?.note ?? ''
  return markup`<h2>Rules</h2>
${pairTable([
  ...applied.map((id): [string, string] => [id, `applied${noteOn(id) === '' ? '' : `; ${noteOn(id)}`}`]),
  ...notApplied.map(({ id, reason }): [string, string] => [id, `not applied: ${reason}`]),
])}`
}

/** The first column is text, the others are numbers. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const kind = (column: number): string => (column === 0 ? 'text' : 'number')
  const head = heads.map((name, column) => markup`<th class="${kind(column)}">${name}</th>`)
  const cells = (row: readonly string[]): Markup[] =>
    row.map((cell, column) => markup`<td class="${kind(column)}">${cell}</td>`)
  return markup`<table><tr>${head}</tr>\n${rows.map((row) => markup`<tr>${cells(row)}</tr>\n`)}</table>`
}

function pairTable(pairs: readonly (readonly [string, string])[]): Markup {
  const rows = pairs.map(([name, value]) => markup`<tr><td>${name}</td><td>${value}</td></tr>\n`)
  return markup`<table>${rows}</table>`
}
