import type { Reason, ResultDocument, VerdictName } from '../verdict/result.js'

/** What is asked of one place of the matrix. The kernel's hash may change from night to night; its name here does not. */
export interface Cell {
  /** As the plan names it: `debian:6.1`, or the name that the plan gives to whatever is under test. */
  readonly kernel: string
  readonly profile: string
  /** Of the catalogue, or a path as the plan has it. */
  readonly scenario: string
  /** `qemu` (guests), or a machine as the plan names it: `ssh://root@host`, a name of the targets file. */
  readonly target: string
  /** As the plan has them; empty where the kernel's name stands for them. */
  readonly patches: readonly string[]
}

/** Text that is the same every night: "debian:6.1 stock CLOSE01 qemu +a.patch". */
export function cellKey({ kernel, profile, scenario, target, patches }: Cell): string {
  return [kernel, profile, scenario, target, ...patches.map((patch) => `+${patch}`)]
    .map((word) => word.replaceAll(/[%\s]/g, encodeURIComponent))
    .join(' ')
}

/** How a campaign ended: with all its plan (but for machines that could not be had), with its time, or with another one that began instead. */
export type CampaignOutcome = 'complete' | 'budget' | 'abandoned'

/** One night. */
export interface Campaign {
  /** Of this store, rising with time. */
  readonly id: number
  /** Of all stores. */
  readonly key: string
  /** Of its plan: nights of one name are compared. */
  readonly name: string
  /** ISO 8601, UTC, as every time here. */
  readonly started: string
  /** null: it runs, or was interrupted. */
  readonly ended: string | null
  readonly outcome: CampaignOutcome | null
  /** All seeds of the night follow from it. */
  readonly seed: number
  /** The plan as it was read (campaign/plan.ts). */
  readonly plan: unknown
}

/** One run as the history has it; what is not here is in `documentOf(run)`. */
export interface HistoryRun {
  readonly id: number
  /** Campaign.id */
  readonly campaign: number
  readonly cell: Cell
  readonly seed: number
  /** From 1. A run that ended in ERROR or got lost is tried again; nothing else is. */
  readonly attempt: number
  /**
   * Whether rates count it: of all attempts at one seed the first that was no ERROR. Its findings are findings all the same.
   */
  readonly counts: boolean
  readonly verdict: VerdictName
  readonly started: string
  /** From the first to the last thing done for it. */
  readonly seconds: number
  /** Of load. */
  readonly guestSeconds: number
  readonly events: ResultDocument['events']
  readonly exposure: ResultDocument['exposure']
  readonly reasons: readonly Reason[]
  readonly kernelHash: string
  readonly kernelRelease: string
  readonly flavour: string
  /** Run folder; retention may have removed it. */
  readonly folder: string
}

export interface HistoryFinding {
  readonly id: number
  /** HistoryRun.id */
  readonly run: number
  readonly rule: string
  readonly signature: string
  readonly count: number
  readonly firstGuestSecond: number
}

/** What is told beside a result document when it is recorded. */
export interface RunPlace {
  /** Campaign.id */
  readonly campaign: number
  readonly cell: Cell
  readonly seed: number
  readonly attempt: number
  readonly started: string
  readonly seconds: number
}

/** What was handed to an executor. */
export interface Dispatch {
  readonly campaign: number
  readonly cell: Cell
  readonly seed: number
  readonly attempt: number
  readonly started: string
  /** All that the executor needs, as JSON. */
  readonly job: unknown
  /** What the executor knows it by; null if it has not said. */
  readonly reference: string | null
}

/** Of a campaign while it runs: table `progress`. `cell` is a cellKey. */
export type ProgressEvent =
  | {
      readonly kind: 'campaign-started' | 'campaign-resumed'
      readonly planned: number
      readonly done: number
    }
  | ({ readonly kind: 'run-started'; readonly loadSeconds: number } & ProgressPlace)
  | ({ readonly kind: 'phase'; readonly phase: string } & ProgressPlace)
  /** At most one a second for each run; removed when the run ends. */
  | ({ readonly kind: 'load'; readonly rates: LoadRates } & ProgressPlace)
  /** Told while the load goes on; what counts is what the run records in the end. */
  | ({
      readonly kind: 'finding'
      readonly signature: string
      readonly says: string
      readonly second: number
    } & ProgressPlace)
  | ({ readonly kind: 'run-ended'; readonly verdict: VerdictName; readonly run: number } & ProgressPlace)
  /** Nothing came of it: it was interrupted, or its machine was. */
  | ({ readonly kind: 'run-lost' } & ProgressPlace)
  /** A machine cannot be had: nothing more is asked of it tonight. */
  | { readonly kind: 'target-out'; readonly target: string; readonly reason: string }
  | { readonly kind: 'campaign-ended'; readonly outcome: CampaignOutcome }

export interface ProgressPlace {
  readonly cell: string
  readonly seed: number
  readonly attempt: number
}

export interface LoadRates {
  /** Of load so far, in the guest. */
  readonly seconds: number
  /** Per second of load, so far: operations of clients, and useful calls by stressor. */
  readonly clients: number
  readonly stressors: Readonly<Record<string, number>>
  /** Bytes of trace so far. */
  readonly traceBytes: number
}

/** One row of `progress`. */
export interface ProgressRow {
  readonly id: number
  /** Campaign.id */
  readonly campaign: number
  readonly at: string
  readonly event: ProgressEvent
}
