import type { Progress } from './progress.js'
import { buildableAt, type Range } from './range.js'
import type { DoneReason, RunStep } from './search.js'

/** A build, or one run of what is built. */
export interface Task {
  readonly kind: 'build' | 'run'
  readonly candidate: number
  /** What is to be learned by it: of a build, the runs that are to follow. */
  readonly runs: number
}

/** What came of a task; of a build that can be run, `built`. */
export type TaskOutcome = 'built' | 'hit' | 'miss' | 'nothing' | 'unbuildable'

/**
 * What to do next, while other things are under way. The runs of a step may be made at the same time; when all are, the next
 * one is chosen beside them. A step is taken to its end unless something else than a miss comes out, of itself or of another.
 * With one task at a time that is the search's own sequence.
 */
export class Agenda {
  readonly #range: Range
  readonly #progress: Progress
  readonly #onStep: (step: RunStep) => void
  readonly #out = new Set<Task>()
  /** By candidate: runs that are still to be made. */
  readonly #left = new Map<number, number>()

  constructor(range: Range, progress: Progress, onStep: (step: RunStep) => void) {
    this.#range = range
    this.#progress = progress
    this.#onStep = onStep
  }

  /** Undefined: nothing until what is out has ended; or at all, if nothing is. */
  next(): Task | undefined {
    const begun = [...this.#left.keys()].find((candidate) => this.#progress.isBuilt(candidate))
    const candidate = begun ?? this.#choose()
    if (candidate === undefined) return undefined
    const left = this.#left.get(candidate) ?? 0
    const isBuilt = this.#progress.isBuilt(candidate)
    const task: Task = isBuilt
      ? { kind: 'run', candidate, runs: 1 }
      : { kind: 'build', candidate, runs: left }
    if (isBuilt && left > 1) this.#left.set(candidate, left - 1)
    else if (isBuilt) this.#left.delete(candidate)
    this.#out.add(task)
    return task
  }

  ended(task: Task, outcome: TaskOutcome): void {
    this.#out.delete(task)
    if (outcome !== 'miss' && outcome !== 'built') this.#left.clear()
  }

  /** Why there is nothing to do; undefined while there is. */
  doneReason(): DoneReason | undefined {
    const step = this.#progress.search.next(this.#progress.costs())
    return step.kind === 'done' ? step.reason : undefined
  }

  /** Begins a step. */
  #choose(): number | undefined {
    const { search } = this.#progress
    const out = [...this.#out]
    const builds = out.filter(({ kind }) => kind === 'build').map(({ candidate }) => candidate)
    const costs = this.#progress.costs(builds)
    const step = out.length === 0 ? search.next(costs) : search.beside(out, costs)
    if (step?.kind !== 'run') return undefined
    const candidate = this.#representative(step.candidate)
    this.#onStep({ ...step, candidate })
    this.#left.set(candidate, step.runs)
    return candidate
  }

  /** Of all that build the same, the one that is built already. */
  #representative(candidate: number): number {
    const { evidence } = buildableAt(this.#range, candidate)
    const ran = this.#progress.runs.find(
      (run) => !run.isReverted && buildableAt(this.#range, run.candidate).evidence === evidence,
    )
    return ran?.candidate ?? candidate
  }
}
