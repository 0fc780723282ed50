import { describeJudgement } from '../campaign/describe-judgement.js'
import type { NightRun } from '../campaign/nights.js'
import { printable } from '../report/figures.js'
import { byCell, linesOf, runName, statusOf, type NightReport, type RunStatus } from './night-report.js'

/**
 * JUnit XML as Jenkins and GitLab read it: a suite per cell, a case per attempt. ERROR and INCONCLUSIVE are errors, for neither
 * program has a word between passed and failed. What is thought of the cell stands in its system-out.
 */
export function* junitLines({ judgement, runs }: NightReport): Generator<string> {
  const { night, findings, troubles } = judgement
  const said = [...findings, ...troubles]
  yield '<?xml version="1.0" encoding="UTF-8"?>'
  yield `<testsuites ${attributes({ name: night.name, ...totals(runs) })}>`
  for (const [key, ofCell] of byCell(runs)) {
    const about = said.filter(({ cell }) => cell === key).map(describeJudgement)
    yield* suiteLines(key, ofCell, about)
  }
  yield '</testsuites>'
}

function* suiteLines(key: string, runs: readonly NightRun[], about: readonly string[]): Generator<string> {
  const [first] = runs
  if (first === undefined) return
  const timestamp = first.started.replace(/\.\d+Z?$|Z$/, '')
  yield `  <testsuite ${attributes({ name: key, timestamp, ...totals(runs) })}>`
  yield '    <properties>'
  for (const [name, value] of Object.entries({ ...first.cell, ...first.kernel })) {
    yield `      <property ${attributes({ name, value: String(value) })}/>`
  }
  yield '    </properties>'
  for (const run of runs) yield* caseLines(run)
  if (about.length > 0) yield `    <system-out>${xmlText(about.join('\n'))}</system-out>`
  yield '  </testsuite>'
}

const elements = { failed: 'failure', broken: 'error', unknown: 'error', skipped: 'skipped' } as const

function* caseLines(run: NightRun): Generator<string> {
  const named = attributes({ classname: className(run), name: runName(run), time: seconds(run.seconds) })
  const status = statusOf(run)
  if (status === 'passed') {
    yield `    <testcase ${named}/>`
    return
  }
  const [message = run.verdict, ...others] = linesOf(run)
  const type = run.findings[0]?.rule ?? run.reasons[0]?.code ?? run.verdict
  const told = attributes({ message, type: `${run.verdict} ${type}` })
  yield `    <testcase ${named}>`
  yield `      <${elements[status]} ${told}>${xmlText([message, ...others].join('\n'))}</${elements[status]}>`
  yield '    </testcase>'
}

/** Jenkins splits at dots: those within a name must not. */
function className({ cell }: NightRun): string {
  const { kernel, profile, target, scenario } = cell
  return [kernel, profile, target, scenario].map((part) => part.replaceAll('.', '_')).join('.')
}

function totals(runs: readonly NightRun[]): Record<string, string> {
  const statuses = runs.map(statusOf)
  const countOf = (...wanted: RunStatus[]): string =>
    String(statuses.filter((status) => wanted.includes(status)).length)
  return {
    tests: String(runs.length),
    failures: countOf('failed'),
    errors: countOf('broken', 'unknown'),
    skipped: countOf('skipped'),
    time: seconds(runs.reduce((sum, run) => sum + run.seconds, 0)),
  }
}

function seconds(value: number): string {
  return value.toFixed(3)
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${xmlText(value).replace(/[\n\t]/g, spellSpace)}"`)
    .join(' ')
}

/** A parser makes blanks of the others. */
function spellSpace(space: string): string {
  return space === '\n' ? '&#10;' : '&#9;'
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** What XML 1.0 forbids even as a reference (production Char) is U+FFFD instead. */
function xmlText(text: string): string {
  return printable(text)
    .replace(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
