import type { Splat } from '../oracle/console/splat.js'
import type { ObjectLife } from '../oracle/object-life.js'

/** What a report shows beside the result document. */
export interface ReportExtras {
  /** report.html */
  readonly reportPath: string
  /** What clients did, by operation; per second is over `guestSeconds`. */
  readonly operations: Readonly<Record<string, number>>
  /** Errors that clients met, by operation and errno name: "unlink ENOENT". */
  readonly errors: Readonly<Record<string, number>>
  /** Pairs of stressors that the scenario is for; the others are shown after them. */
  readonly pairs: readonly string[]
  /** From the oracle: what an applied rule could not see in this run. */
  readonly notes: readonly { readonly id: string; readonly note: string }[]
  /** Every parameter of the run. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>
  /** The command that repeats the run, seed included. */
  readonly repeat: string
  /** By the signature of the finding: the life of the object that broke the rule. */
  readonly lives: ReadonlyMap<string, ObjectLife>
  readonly console: string
  /** From the oracle; marked in the console. */
  readonly splats: readonly Splat[]
}
