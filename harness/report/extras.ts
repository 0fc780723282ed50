import type { EventTimeline } from '../decode/event-timeline.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import type { Splat } from '../oracle/console/splat.js'
import type { ObjectLife } from '../oracle/object-life.js'
import type { LoadSample } from './load-sample.js'

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
  readonly timeline: RunTimeline
}

/** A run over its time. */
export interface RunTimeline {
  /** null: the module told of no event. */
  readonly events: EventTimeline | null
  readonly phases: readonly PhaseMark[]
  /** When the module was loaded, seconds since boot: its milliseconds count from there. */
  readonly moduleSecond: number
  /** Empty for a run that never came to its load, and for those of older releases. */
  readonly samples: readonly LoadSample[]
}
