import type { PlanOptions } from '../scenario/plan.js'
import type { Cell, LoadRates } from '../store/history-records.js'
import type { ResultDocument } from '../verdict/result.js'

/** One run, told so that another process or machine can do it: it is kept and sent as JSON. */
export interface CellJob {
  readonly cell: Cell
  readonly attempt: number
  readonly options: Pick<PlanOptions, 'scenario' | 'kernel'> & {
    readonly time: number
    readonly seed: number
  }
  /** Folder of this attempt alone, for its run folder. Nobody else writes there, and it outlives the process. */
  readonly runs: string
}

/** What came of a job. */
export interface JobEnd {
  readonly result: ResultDocument
  /** That it took a machine: without waiting for one, and without the time for which nobody asked for the result. */
  readonly seconds: number
}

/** What an executor tells while a job runs; all of it may be left out. */
export interface JobListener {
  /** What it knows the job by: kept in the store, and given to `resume`. */
  onReference(reference: string): void
  onPhase(phase: string): void
  onLoad(rates: LoadRates): void
  onFinding(finding: { readonly signature: string; readonly says: string; readonly second: number }): void
}

/**
 * Does runs, here or elsewhere. Which ones, how often and what counts is the campaign's: an executor never tries again what ended,
 * and may well deliver the document of an attempt that was taken for lost; the store sees to it that only one counts.
 */
export interface Executor {
  readonly name: string
  /** Jobs with this target (`Cell.target`) that it wants at once. */
  slotsOf(target: string): number

  /**
   * Does a job to its end.
   *
   * @returns null if nothing came of the job and nothing will: its machine went away
   * @throws what makes going on pointless: a full disk, a user's interrupt
   */
  run(job: CellJob, listener: JobListener, signal: AbortSignal): Promise<JobEnd | null>

  /**
   * Takes up a job that a former process of this campaign had handed out, without doing any of it again.
   *
   * @param reference As it was told; null if the process ended before.
   * @returns as `run`
   */
  resume(
    job: CellJob,
    reference: string | null,
    listener: JobListener,
    signal: AbortSignal,
  ): Promise<JobEnd | null>
}
