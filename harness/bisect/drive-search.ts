import { FctError } from '../fct-error.js'
import { keepBusy } from '../target/pool.js'
import { Agenda, type Task, type TaskOutcome } from './agenda.js'
import type { BisectLog } from './bisect-log.js'
import type { LogEntry, StartEntry } from './log-entry.js'
import { Progress } from './progress.js'
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
  /** Seconds of builds and runs, added up, those of earlier calls included. */
  readonly budget: number
  /** Builds and runs at a time. */
  readonly jobs: number
  readonly signal: AbortSignal
  readonly observer: SearchObserver
}

/** `unfinished`: of a log that is looked at before its search has ended. */
export type EndReason = DoneReason | 'budget' | 'unfinished'

/** Our own trouble, one run after the other: going on would skip one commit after the other. */
const troubleLimit = 3

/** A search from where its log ends to its own end. Every run is in the log before anything is begun in its place. */
export class SearchDriver {
  readonly progress: Progress
  readonly #task: SearchTask
  readonly #seedsOut = new Set<number>()
  #troubles = 0
  /** What is written down after what. */
  #recorded = Promise.resolve()

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

  /**
   * What is out when there is an answer still counts: a hit comes sooner than a miss, so that to leave it out would be to favour
   * hits.
   *
   * @throws FctError FCT_BISECT_TROUBLE; what `record` throws; the reason of the signal
   */
  async search(): Promise<EndReason> {
    const { start, observer } = this.#task
    const agenda = new Agenda(start.range, this.progress, ({ candidate, runs }) => {
      observer.onStep(candidate, runs, this.progress)
    })
    await this.#work(() => {
      const task = agenda.next()
      return (
        task &&
        (async () => {
          agenda.ended(task, await this.#do(task))
        })
      )
    })
    return agenda.doneReason() ?? 'budget'
  }

  /**
   * Repeats a run, as long as it is wanted. The first one builds what the others go on from.
   *
   * @param isWanted One more, beside so many that are out.
   * @returns Whether there was something to run.
   */
  async repeat(which: Which, isWanted: (out: number) => boolean): Promise<boolean> {
    const outcomes: TaskOutcome[] = []
    let out = 0
    await this.#work(() => {
      const mayBegin = out === 0 || outcomes.length > 0
      if (!mayBegin || outcomes.includes('unbuildable') || !isWanted(out)) return undefined
      out++
      return async () => {
        outcomes.push(await this.#run(which))
        out--
      }
    })
    return !outcomes.includes('unbuildable')
  }

  async #work(next: () => (() => Promise<void>) | undefined): Promise<void> {
    const { jobs, signal } = this.#task
    await keepBusy(jobs, () => {
      signal.throwIfAborted()
      return this.isOverBudget ? undefined : next()
    })
  }

  #do({ kind, candidate }: Task): Promise<TaskOutcome> {
    const which = { candidate, isReverted: false }
    return kind === 'build' ? this.#build(which) : this.#run(which)
  }

  async #build(which: Which): Promise<TaskOutcome> {
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
    return reason === undefined ? 'built' : 'unbuildable'
  }

  /** One run, judged and written down. */
  async #run(which: Which): Promise<Exclude<TaskOutcome, 'built'>> {
    const seed = this.#freeSeed()
    this.#seedsOut.add(seed)
    try {
      return await this.#runWith(which, seed)
    } finally {
      this.#seedsOut.delete(seed)
    }
  }

  /** The first that no run has or had; what was killed left one free. */
  #freeSeed(): number {
    const { start } = this.#task
    const taken = new Set([...this.#seedsOut, ...this.progress.runs.map(({ seed }) => seed)])
    let seed = start.seed
    while (taken.has(seed)) seed = (seed + 1) % Number.MAX_SAFE_INTEGER
    return seed
  }

  async #runWith(which: Which, seed: number): Promise<Exclude<TaskOutcome, 'built'>> {
    const { workshop, signal } = this.#task
    const began = performance.now()
    const reading = await workshop.run(which, seed)
    signal.throwIfAborted()
    const seconds = secondsSince(began)
    if (reading.unbuildable !== undefined) {
      await this.#skip(which, seconds, reading.unbuildable)
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

  /** Runs of one candidate that are out at the same time find the same. */
  async #skip({ candidate, isReverted }: Which, seconds: number, reason: string): Promise<void> {
    if (isReverted || this.progress.skips.some((skip) => skip.candidate === candidate)) return
    await this.record({ kind: 'skip', candidate, seconds, reason })
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

  /** Adds it to the log, and to what is known: in the same order. */
  record(entry: LogEntry): Promise<void> {
    const recorded = this.#recorded.then(async () => {
      await this.#task.log.append(entry)
      this.progress.add(entry)
      this.#task.observer.onEntry(entry, this.progress)
    })
    this.#recorded = recorded.catch(() => undefined)
    return recorded
  }
}

function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000
}
