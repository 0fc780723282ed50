import type { VerdictExit } from '../verdict/result.js'
import type { NightJudgement } from './judge-nights.js'

/** What makes a night a failure: any finding, or only news that is bad. */
export const failOnChoices = ['any', 'new'] as const

export type FailOn = (typeof failOnChoices)[number]

const badNews = new Set(['new', 'back', 'worse'])

/**
 * 1 (FAIL) if there is a finding; 125 if a seed is left without PASS or FAIL, or nothing ran; else 0. With `new` a finding is a
 * failure only if it is new, back, or more frequent than before; what is known does not hide a seed without an answer.
 */
export function nightExit({ cells, findings }: NightJudgement, failOn: FailOn): VerdictExit {
  const found = findings.filter(({ tonight }) => tonight.hits > 0)
  const failures = failOn === 'any' ? found : found.filter(({ kind, isNews }) => isNews && badNews.has(kind))
  if (failures.length > 0) return 1
  return cells.length === 0 || cells.some(({ undecided }) => undecided > 0) ? 125 : 0
}
