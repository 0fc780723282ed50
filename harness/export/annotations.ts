import { createHash } from 'node:crypto'
import { describeJudgement, describeNumbers } from '../campaign/describe-judgement.js'
import type { Judgement, NightJudgement } from '../campaign/judge-nights.js'
import { printable } from '../report/figures.js'

/** Kinds that a person should look at first, and those that were so before. */
const levels = {
  new: 'error',
  back: 'error',
  worse: 'error',
  constant: 'warning',
  flaky: 'warning',
  better: 'notice',
  gone: 'notice',
  unseen: null,
} as const

type Level = Exclude<(typeof levels)[keyof typeof levels], null>

/** Troubles are no finding: a warning when they begin, else a note. */
function* annotated(judgement: NightJudgement): Generator<[Judgement, Level]> {
  for (const finding of judgement.findings) {
    const level = levels[finding.kind]
    // That it was gone before is no news.
    if (level !== null && (finding.kind !== 'gone' || finding.isNews)) yield [finding, level]
  }
  for (const trouble of judgement.troubles) {
    if (trouble.tonight.hits > 0) yield [trouble, levels[trouble.kind] === 'error' ? 'warning' : 'notice']
  }
}

/** Workflow commands of GitHub Actions, one per line, for stdout. GitHub shows ten of each level: what is new comes first. */
export function* githubCommands(judgement: NightJudgement): Generator<string> {
  const order: Level[] = ['error', 'warning', 'notice']
  const all = [...annotated(judgement)]
  for (const wanted of order) {
    for (const [judged, level] of all) {
      if (level !== wanted) continue
      const title = `${judged.kind}: ${printable(judged.what)}`
      yield `::${level} title=${escapeProperty(title)}::${escapeData(printable(describeJudgement(judged)))}`
    }
  }
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** An entry of GitLab's code quality report. */
export interface CodeQualityIssue {
  readonly description: string
  readonly check_name: string
  /** The same every night: by it GitLab knows what is new and what is resolved. */
  readonly fingerprint: string
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker'
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } }
}

const severities = { error: 'critical', warning: 'major', notice: 'info' } as const

/** What was there tonight; what is gone is absent, which GitLab shows as resolved. @param plan Path of the plan in its repository. */
export function gitlabIssues(judgement: NightJudgement, plan: string): CodeQualityIssue[] {
  return [...annotated(judgement)]
    .filter(([{ kind }]) => kind !== 'gone')
    .map(([judged, level]) => ({
      description: `${judged.kind}: ${printable(judged.what)} in ${judged.cell}: ${describeNumbers(judged)}`,
      check_name: 'fctorture',
      fingerprint: createHash('sha256')
        .update(JSON.stringify([judged.cell, judged.what]))
        .digest('hex'),
      severity: severities[level],
      location: { path: plan, lines: { begin: 1 } },
    }))
}
