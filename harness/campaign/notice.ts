import { describeJudgement } from './describe-judgement.js'
import type { Judgement, NightJudgement } from './judge-nights.js'
import type { Night } from './nights.js'

/** What changed in a night: the JSON that commands and webhooks get. */
export interface Notice {
  readonly schema: 1
  /** "fctorture nightly: 1 new, 2 gone" */
  readonly subject: string
  readonly night: Night
  readonly changes: readonly NoticedChange[]
}

export interface NoticedChange extends Judgement {
  readonly about: 'finding' | 'trouble'
  /** The judgement in words. */
  readonly says: string
}

/** Null if nothing changed: then nobody is told. */
export function composeNotice({ night, findings, troubles }: NightJudgement): Notice | null {
  const changes = [...changesOf(findings, 'finding'), ...changesOf(troubles, 'trouble')]
  if (changes.length === 0) return null
  const counts = new Map<string, number>()
  for (const { kind, about } of changes) {
    const name = about === 'finding' ? kind : `${kind} trouble`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const numbers = [...counts].map(([name, count]) => `${String(count)} ${name}`).join(', ')
  return { schema: 1, subject: `fctorture ${night.name}: ${numbers}`, night, changes }
}

function changesOf(judgements: readonly Judgement[], about: NoticedChange['about']): NoticedChange[] {
  return judgements
    .filter(({ isNews }) => isNews)
    .map((judged) => ({ about, says: describeJudgement(judged), ...judged }))
}
