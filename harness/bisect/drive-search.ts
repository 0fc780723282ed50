import { FctError } from '../fct-error.js'
import type { BisectLog } from './bisect-log.js'
import type { LogEntry, StartEntry } from './log-entry.js'
import { Progress } from './progress.js'
import { buildableAt } from './range.js'
import type { RunReading } from './read-run.js'
import type { DoneReason } from './search.js'

/** What is built and run: a candidate (or `goodEnd`), or the bad end with it reverted. */
export interface Which {
  readonly candidate: number
  readonly isReverted: boolean
}

/** Where candidates are built and run. */
export interface Workshop {
  /** @returns Why there is nothing to run; undefined if there is. */
  build(which: Which): Promise<string | undefined>
  run(which: Which, seed: number): Promise<RunReading & { readonly run: string }>
}

export interface SearchObserver {
  onStep(candidate: number, runs: number, progress: Progress): void
  onEntry(entry: LogEntry, progress: Progress): void
}

export interface SearchTask {
  readonly start: StartEntry
  readonly log: BisectLog
  readonly workshop: Workshop
  readonly confidence: number
  /** Seconds of builds and runs together, those of earlier calls included. */
  readonly budget: number
  readonly signal: AbortSignal
  readonly observer: SearchObserver
}

/** `unfinished`: of a log that is looked at before its search has ended. */
export type EndReason = DoneReason | 'budget' | 'unfinished'

/** Our own trouble, one run after the other: going on would skip one commit after the other. */
const troubleLimit = 3

/** A search from where its log ends to its own end. Every run is in the log before the next begins. */
export class SearchDriver {
  readonly progress: Progress
  readonly #task: SearchTask
  #troubles = 0

  constructor(task: SearchTask) {
    this.#task = task
    this.progress = new Progress(task.start, task.confidence)
    task.log.entries.forEach((entry) => {
      this.progress.add(entry)
    })
  }

  get isOverBudget(): boolean {
    return this.progress.seconds >= this.#task.budget
  }

  /** @throws FctError FCT_BISECT_TROUBLE; what `record` throws; the reason of the signal */
  async search(): Promise<EndReason> {
    for (;;) {
      this.#task.signal.throwIfAborted()
      const step = this.progress.search.next(this.progress.costs())
      if (step.kind === 'done') return step.reason
      if (this.isOverBudget) return 'budget'
      const candidate = this.#representative(step.candidate)
      this.#task.observer.onStep(candidate, step.runs, this.progress)
      await this.#take(candidate, step.runs)
    }
  }

  /** Runs until there is something else than a miss. */
  async #take(candidate: number, runs: number): Promise<void> {
    const which = { candidate, isReverted: false }
    if (!this.progress.isBuilt(candidate) && !(await this.#build(which))) return
    for (let run = 0; run < runs && !this.isOverBudget; run++) {
      if ((await this.run(which)) !== 'miss') return
    }
  }

  async #build(which: Which): Promise<boolean> {
    const began = performance.now()
    const reason = await this.#task.workshop.build(which)
    this.#task.signal.throwIfAborted()
    const { candidate } = which
    const seconds = secondsSince(began)
    await this.record(
      reason === undefined
        ? { kind: 'build', candidate, seconds }
        : { kind: 'skip', candidate, seconds, reason },
    )
    return reason === undefined
  }

  /** One run, judged and written down. */
  async run(which: Which): Promise<'hit' | 'miss' | 'nothing' | 'unbuildable'> {
    const { workshop, signal, start } = this.#task
    const seed = (start.seed + this.progress.runs.length) % Number.MAX_SAFE_INTEGER
    const began = performance.now()
    const reading = await workshop.run(which, seed)
    signal.throwIfAborted()
    const seconds = secondsSince(began)
    if (reading.unbuildable !== undefined) {
      if (!which.isReverted)
        await this.record({ kind: 'skip', candidate: which.candidate, seconds, reason: reading.unbuildable })
      return 'unbuildable'
    }
    const { others, loadSeconds, exposure, run } = reading
    const reason = reading.isHit ? undefined : (reading.nothing ?? this.#whyQuiet(reading))
    const outcome = reading.isHit ? 'hit' : reason === undefined ? 'miss' : 'nothing'
    await this.record({
      ...{
        kind: 'run',
        ...which,
        outcome,
        reason: reason ?? null,
        others: [...others],
        seconds,
        loadSeconds,
      },
      ...{ exposure: { ...exposure }, seed, run, time: new Date().toISOString() },
    })
    this.#stopInTrouble(reading.trouble, reason)
    return outcome
  }

  #whyQuiet(reading: RunReading): string | undefined {
    const shortfall = this.progress.usual.shortfall(reading)
    return shortfall && `it was exposed to less than a quarter of what is usual: ${shortfall}`
  }

  #stopInTrouble(trouble: string | undefined, reason = ''): void {
    this.#troubles = trouble === undefined ? 0 : this.#troubles + 1
    if (this.#troubles < troubleLimit) return
    throw new FctError(
      'FCT_BISECT_TROUBLE',
      `${this.#troubles} runs after each other came to nothing by what is not the kernel's doing: ${reason}`,
      'When that is mended, the same command goes on from here.',
    )
  }

  /** Of all that build the same, the one that is built already. */
  #representative(candidate: number): number {
    const { range } = this.#task.start
    const { evidence } = buildableAt(range, candidate)
    const ran = this.progress.runs.find(
      (run) => !run.isReverted && buildableAt(range, run.candidate).evidence === evidence,
    )
    return ran?.candidate ?? candidate
  }

  async record(entry: LogEntry): Promise<void> {
    await this.#task.log.append(entry)
    this.progress.add(entry)
    this.#task.observer.onEntry(entry, this.progress)
  }
}

function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000
}
