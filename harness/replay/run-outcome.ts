import type { ResultDocument } from '../verdict/result.js'

/** What a run says of a signature: shown, not shown by a run that would have, or nothing. */
export type Outcome = 'hit' | 'miss' | 'none'

/**
 * What does not hinder a run to show what there is: findings of other kinds, and a scenario that does less than it is for. To leave
 * such runs out would count hits and not misses, for a FAIL is one whatever else was amiss.
 */
const harmless: ReadonlySet<string> = new Set([
  'FCT_ORACLE_FINDING',
  'FCT_EXPOSURE_NONE',
  'FCT_STRESSOR_IDLE',
  'FCT_STRESSOR_ABSENT',
])

export function outcomeOf(
  { findings, verdict, reasons }: Pick<ResultDocument, 'findings' | 'verdict' | 'reasons'>,
  signature: string,
): Outcome {
  if (findings.some((finding) => finding.signature === signature)) return 'hit'
  return verdict !== 'ERROR' && reasons.every(({ code }) => harmless.has(code)) ? 'miss' : 'none'
}
