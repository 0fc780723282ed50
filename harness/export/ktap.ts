import { describeJudgement } from '../campaign/describe-judgement.js'
import type { NightRun } from '../campaign/nights.js'
import { byCell, linesOf, runName, statusOf, type NightReport } from './night-report.js'
import { oneLine } from './one-line.js'

/** KTAP version 1 (Documentation/dev-tools/ktap.rst): a test per cell, a subtest per attempt, and what is known of either before it. */
export function* ktapLines({ judgement, runs }: NightReport): Generator<string> {
  const cells = [...byCell(runs)]
  const said = [...judgement.findings, ...judgement.troubles]
  yield 'KTAP version 1'
  yield `1..${String(cells.length)}`
  for (const [index, [key, ofCell]] of cells.entries()) {
    yield '  KTAP version 1'
    yield `  # Subtest: ${plainName(key)}`
    yield `  1..${String(ofCell.length)}`
    for (const [place, run] of ofCell.entries())
      for (const line of runLines(run, place + 1)) yield `  ${line}`
    for (const judged of said.filter(({ cell }) => cell === key))
      yield `# ${oneLine(describeJudgement(judged))}`
    yield cellResult(ofCell, index + 1, plainName(key))
  }
}

function* runLines(run: NightRun, number: number): Generator<string> {
  const lines = linesOf(run).map(oneLine)
  for (const line of lines) yield `# ${line}`
  const [why = ''] = lines
  const name = plainName(runName(run))
  const status = statusOf(run)
  if (status === 'passed') yield `ok ${String(number)} ${name}`
  else if (status === 'failed') yield `not ok ${String(number)} ${name} # ${why}`
  else if (status === 'skipped') yield `ok ${String(number)} ${name} # SKIP ${why}`
  else yield `not ok ${String(number)} ${name} # ${directive(run)} ${why}`
}

function directive({ reasons }: NightRun): string {
  return reasons[0]?.code === 'FCT_GUEST_TIMEOUT' ? 'TIMEOUT' : 'ERROR'
}

/** A test fails if any of its subtests does, and is skipped if all are. */
function cellResult(runs: readonly NightRun[], number: number, name: string): string {
  const statuses = runs.map(statusOf)
  const isOk = statuses.every((status) => status === 'passed' || status === 'skipped')
  const isSkipped = statuses.every((status) => status === 'skipped')
  return `${isOk ? 'ok' : 'not ok'} ${String(number)} ${name}${isSkipped ? ' # SKIP' : ''}`
}

/** A description holds no hash sign. */
function plainName(name: string): string {
  return oneLine(name).replaceAll('#', '_')
}
