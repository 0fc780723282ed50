import { nameOf, shortId } from './range.js'
import type { BisectDocument, CommitStanding } from './result.js'
import { formatTable } from '../report/text-table.js'

export interface MailInput {
  readonly document: BisectDocument
  readonly culprit: CommitStanding
  /** The commands that repeat it: the search, and a run that failed. */
  readonly commands: { readonly bisect: string; readonly run: string | undefined }
  /** What the first failing run says of the finding. */
  readonly evidence: string | undefined
}

/** A report to paste into a mail: subject, Fixes: line, evidence, runs per commit, commands. */
export function formatMail({ document, culprit, commands, evidence }: MailInput): string {
  const { signature, rate, source, amplification, commits, goodEnd, confidence } = document
  const isGit = source.kind === 'tree'
  const introduced = isGit ? [`Fixes: ${nameOf(culprit)}`, `#regzbot introduced: ${shortId(culprit.id)}`] : []
  const range = isGit ? `${source.good}..${source.bad}` : `${source.series} on ${source.base}`
  const lines = [
    `Subject: [REGRESSION] nfsd: ${signature}, since ${nameOf(culprit)}`,
    '',
    `A bisection of ${range} (${document.candidates} commits) for`,
    '',
    `    ${signature}`,
    '',
    `ends at ${nameOf(culprit)},`,
    `with a probability of ${culprit.probability.toFixed(3)} (asked for: ${confidence}).`,
    '',
    `It fails in ${percent(rate.mean)} of the runs (95 %: ${percent(rate.low)} to ${percent(rate.high)}) of ${amplification.seconds} s of load`,
    `of the scenario ${amplification.scenario}${amplification.clientsOnly ? ', clients alone' : ''}.`,
    ...verificationLines(document),
    '',
    'Runs per commit, most likely first:',
    '',
    ...indent(formatTable(commits.concat(goodEnd).flatMap(rowOf))),
    '',
    'To reproduce, with fctorture:',
    '',
    ...[commands.bisect, commands.run ?? ''].filter((command) => command !== '').map((line) => `    ${line}`),
    ...(evidence === undefined ? [] : ['', 'A failing run says:', '', ...indent(evidence.trimEnd())]),
    ...(introduced.length === 0 ? [] : ['', ...introduced]),
  ]
  return `${lines.join('\n')}\n`
}

function verificationLines({ verification }: BisectDocument): string[] {
  if (verification === null) return []
  const { outcome, hits, misses, needed, reason } = verification
  const runs = `${hits} of ${hits + misses} runs failed (${needed} without a failure were needed)`
  const says = {
    holds: `Reverted on the bad end: ${runs}.`,
    refuted: `Reverted on the bad end it still fails: ${runs}. This is not all of it.`,
    undecided: `Reverted on the bad end: ${runs}; undecided, ${reason ?? ''}.`,
    'not reverted': `It was not reverted on the bad end: ${reason?.split('\n')[0] ?? ''}.`,
  }
  return ['', says[outcome]]
}

function rowOf(standing: CommitStanding): string[][] {
  const { probability, hits, misses, nothing, skipped } = standing
  if (hits + misses + nothing === 0 && skipped === null) return []
  const runs = skipped === null ? `${hits} of ${hits + misses} fail` : 'skipped'
  const others = nothing === 0 ? '' : `${nothing} without a verdict`
  return [[probability.toFixed(3), runs, others, nameOf(standing)]]
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => (line === '' ? '' : `    ${line}`))
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}
