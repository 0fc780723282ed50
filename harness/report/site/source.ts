import type { Judgement } from '../../campaign/judge-nights.js'
import type { Night, NightCell, NightRun } from '../../campaign/nights.js'

/** The history as the site reads it: nights and runs go by, only what a page needs at once is asked for. */
export interface SiteSource {
  /** Oldest first. */
  nights(): Iterable<Night>
  /** In the order in which they were recorded. */
  runsOf(night: number): Iterable<NightRun>
  /** What was found and what was in the way in the newest night, against all before; empty without a night. */
  judgements(): SiteJudgements
  /** What a run has to prove a signature; null if it has none. */
  evidenceOf(run: number, signature: string): SiteEvidence | null
}

export interface SiteJudgements {
  readonly findings: readonly Judgement[]
  readonly troubles: readonly Judgement[]
}

export interface SiteEvidence {
  readonly text: string
  /** Commands for a shell, by what they are for. */
  readonly commands: readonly (readonly [what: string, command: string])[]
  /** Where its report is, as a link of the site; null: nowhere any more. */
  readonly report: string | null
}

export type { Judgement, Night, NightCell, NightRun }
