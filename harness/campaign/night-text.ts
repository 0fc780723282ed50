import pc from 'picocolors'
import { printable } from '../report/figures.js'
import { paintVerdict, type Colors } from '../report/summary.js'
import { formatTable } from '../report/text-table.js'
import type { NightSummary } from './night-summary.js'

/**
 * What a night came to, for a terminal.
 *
 * @param changes What is news, in words.
 */
export function describeNight(
  summary: NightSummary,
  changes: readonly string[],
  store: string,
  colors: Colors = pc,
): string {
  const { campaign, verdict, cells, notRun, withoutAnswer } = summary
  const rows = cells.map(({ key, verdicts: { PASS, FAIL, INCONCLUSIVE, ERROR } }) => [
    key,
    ...[PASS, FAIL, INCONCLUSIVE, ERROR].map(String),
  ])
  const began = `night of ${campaign.started}, seed ${String(campaign.seed)}`
  const sections = [
    `${paintVerdict(verdict, colors)} ${colors.bold(campaign.name)} ${began}${outcomeText(summary)}`,
    formatTable([['cell', 'PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR'], ...rows]),
    ...findingLines(summary),
    ...troubleLines(summary),
    withoutAnswer.map(({ cell, seed }) => `no answer: ${cell}, seed ${String(seed)}`).join('\n'),
    notRun.length === 0 ? '' : `not run tonight: ${notRun.join(', ')}`,
    changes.length === 0
      ? ''
      : `${colors.bold('Changes')}\n${changes.map((says) => printable(`  ${says}`)).join('\n')}`,
    `${colors.bold('History')}  ${store}`,
  ]
  return sections.filter((section) => section !== '').join('\n\n') + '\n'
}

function outcomeText({ campaign: { outcome } }: NightSummary): string {
  return outcome === 'budget' ? '; the budget held no more' : ''
}

function findingLines({ findings }: NightSummary): string[] {
  return findings.map(({ signature, runs, cells }) =>
    printable(`${signature}\n  in ${String(runs)} run${runs === 1 ? '' : 's'}: ${cells.join(', ')}`),
  )
}

function troubleLines({ trouble }: NightSummary): string[] {
  const lines = trouble.map(({ cell, seed, attempt, reason }) =>
    printable(`${cell}, seed ${String(seed)}, attempt ${String(attempt)}: ${reason}`),
  )
  return lines.length === 0 ? [] : [`infrastructure:\n${lines.map((line) => `  ${line}`).join('\n')}`]
}
