import type { Reason, VerdictName } from '../verdict/result.js'

/** A night: one campaign of a plan. */
export interface Night {
  readonly id: number
  /** Of its plan. */
  readonly name: string
  /** ISO 8601, UTC, as every time here. */
  readonly started: string
  /** Null: it has not ended, or was interrupted. */
  readonly ended: string | null
}

/** What is asked for every night again. */
export interface NightCell {
  readonly kernel: string
  readonly profile: string
  readonly scenario: string
  readonly target: string
  readonly patches: readonly string[]
}

/** One attempt at one seed. Each is a run of its own: a second attempt takes nothing from the first. */
export interface NightRun {
  /** Of the history. */
  readonly id: number
  /** Text that names its cell. */
  readonly key: string
  readonly cell: NightCell
  readonly seed: number
  readonly attempt: number
  readonly started: string
  /** From the first to the last thing done for it. */
  readonly seconds: number
  /** Of load. */
  readonly guestSeconds: number
  readonly verdict: VerdictName
  readonly reasons: readonly Reason[]
  readonly kernel: { readonly release: string; readonly hash: string; readonly flavour: string }
  readonly findings: readonly NightFinding[]
}

export interface NightFinding {
  readonly rule: string
  readonly signature: string
  readonly count: number
}

/** A night with what it ran. */
export interface NightRecord {
  readonly night: Night
  readonly runs: Iterable<NightRun>
}
