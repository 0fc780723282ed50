import { createHash } from 'node:crypto'
import type { CellExperience } from '../store/history.js'
import type { HistoryRun } from '../store/history-records.js'
import type { PlannedCell } from './plan-cells.js'
import { nextCell, type ScheduleCell } from './schedule.js'

/** One run to be handed out. */
export interface Work {
  readonly planned: PlannedCell
  readonly seed: number
  readonly attempt: number
  readonly estimateSeconds: number
}

/** A cell with all that the schedule asks. */
export interface EstimatedCell extends ScheduleCell {
  readonly planned: PlannedCell
  /** Whether its own runs told what it costs. */
  readonly isKnown: boolean
}

/** What a run costs beside its load where no run has ever told: boot, quiet time, judgement. */
const guessedOverheadSeconds = 20

/** What the last nights tell of a plan's cells: what a run costs, and what it brings. */
export function estimateCells(
  cells: readonly PlannedCell[],
  experience: ReadonlyMap<string, CellExperience>,
): EstimatedCell[] {
  const usual = overheadOf([...experience.values()]) ?? guessedOverheadSeconds
  return cells.map((planned) => {
    const { key, weight, seeds, loadSeconds } = planned
    const own = experience.get(key)
    const overhead = own && overheadOf([own])
    return {
      ...{ planned, key, weight, seeds, started: 0, isKnown: overhead !== undefined },
      estimateSeconds: loadSeconds + (overhead ?? usual),
      findingsPerMinute: own && own.guestSeconds > 0 ? (60 * own.findings) / own.guestSeconds : 0,
      nightsWaited: own?.nightsWaited ?? Infinity,
    }
  })
}

/** Targets do their runs beside each other. */
export function byTarget(cells: readonly EstimatedCell[]): Map<string, EstimatedCell[]> {
  const lanes = new Map<string, EstimatedCell[]>()
  for (const cell of cells) {
    const { target } = cell.planned.cell
    const lane = lanes.get(target)
    if (lane === undefined) lanes.set(target, [cell])
    else lane.push(cell)
  }
  return lanes
}

function overheadOf(all: readonly CellExperience[]): number | undefined {
  const runs = all.reduce((sum, each) => sum + each.runs, 0)
  if (runs === 0) return undefined
  return all.reduce((sum, { seconds, guestSeconds }) => sum + Math.max(seconds - guestSeconds, 0), 0) / runs
}

/** The seed of the k-th run of a cell in a night, 0 to 2^48 - 1. */
export function seedOf(night: number, key: string, index: number): number {
  return createHash('sha256')
    .update(`${String(night)} ${key} ${String(index)}`)
    .digest()
    .readUIntBE(0, 6)
}

interface SeedState {
  readonly cell: EstimatedCell
  readonly seed: number
  attempts: number
  /** Attempts that ended in ERROR, or from which nothing came though nobody stopped the night. */
  failures: number
  state: 'out' | 'waits' | 'settled' | 'given up'
}

/** What of a night is done on a target, out, and still to do. Says what is next; hands nothing out itself. */
export class NightWork {
  readonly #cells: EstimatedCell[]
  readonly #seeds = new Map<string, SeedState>()
  readonly #waiting = new Set<SeedState>()
  #secondsLeft: number | null
  #isClosed = false
  readonly #retries: number

  constructor(
    readonly night: number,
    cells: readonly EstimatedCell[],
    { secondsLeft, retries }: { secondsLeft: number | null; retries: number },
  ) {
    this.#cells = [...cells]
    this.#secondsLeft = secondsLeft
    this.#retries = retries
  }

  /** Takes up what a former process had handed out. @param attempts By `cellKey seed`. */
  restore(attempts: ReadonlyMap<string, number>): void {
    this.#cells.forEach((cell, at) => {
      let started = 0
      for (; cell.seeds === null || started < cell.seeds; started++) {
        const seed = seedOf(this.night, cell.key, started)
        const made = attempts.get(nameOf(cell.key, seed))
        if (made === undefined) break
        this.#add({ cell, seed, attempts: made, failures: 0, state: 'waits' })
      }
      this.#cells[at] = { ...cell, started }
    })
  }

  /** Nothing more is handed out: what does the runs cannot be had. */
  close(): void {
    this.#isClosed = true
  }

  /** What is next; it is out from now on. @returns undefined if nothing is, or nothing fits the budget */
  take(): Work | undefined {
    if (this.#isClosed) return undefined
    for (const again of this.#waiting) if (this.#fits(again.cell)) return this.#takeOut(again)
    const cell = nextCell(this.#cells, this.#secondsLeft)
    if (cell === undefined) return undefined
    const seed = seedOf(this.night, cell.key, cell.started)
    this.#cells[this.#cells.indexOf(cell)] = { ...cell, started: cell.started + 1 }
    return this.#takeOut(this.#add({ cell, seed, attempts: 0, failures: 0, state: 'waits' }))
  }

  /** A former process had it out, and its executor may still have it. */
  isOut(key: string, seed: number): void {
    const state = this.#seeds.get(nameOf(key, seed))
    if (state === undefined) return
    this.#move(state, 'out')
    this.#spend(state.cell.estimateSeconds)
  }

  /** A run came of it, now or before. */
  ended(key: string, { seed, verdict, seconds }: Pick<HistoryRun, 'seed' | 'verdict' | 'seconds'>): void {
    const state = this.#seeds.get(nameOf(key, seed))
    this.#spend(seconds - (state?.state === 'out' ? state.cell.estimateSeconds : 0))
    if (state === undefined || state.state === 'settled') return
    if (verdict === 'ERROR') this.#fail(state)
    else this.#move(state, 'settled')
  }

  /**
   * Nothing came of it.
   *
   * @param isItsOwn Not if it was out when the night was stopped: that says nothing of the run, and takes no retry from it.
   */
  lost(key: string, seed: number, { isItsOwn }: { isItsOwn: boolean }): void {
    const state = this.#seeds.get(nameOf(key, seed))
    if (state?.state !== 'out') return
    this.#spend(-state.cell.estimateSeconds)
    if (isItsOwn) this.#fail(state)
    else this.#move(state, 'waits')
  }

  /** Runs handed out that have come to their end, well or not. */
  get done(): number {
    return [...this.#seeds.values()].filter(({ state }) => state === 'settled' || state === 'given up').length
  }

  /** Whether all of the plan is done that it names, or can be. */
  get isComplete(): boolean {
    if (this.#isClosed) return true
    const isUsed = this.#cells.every(({ seeds, started }) => seeds !== null && started >= seeds)
    return isUsed && this.done === this.#seeds.size
  }

  #takeOut(state: SeedState): Work {
    const { cell, seed } = state
    this.#move(state, 'out')
    state.attempts++
    this.#spend(cell.estimateSeconds)
    return { planned: cell.planned, seed, attempt: state.attempts, estimateSeconds: cell.estimateSeconds }
  }

  #fail(state: SeedState): void {
    state.failures++
    this.#move(state, state.failures > this.#retries ? 'given up' : 'waits')
  }

  #add(state: SeedState): SeedState {
    this.#seeds.set(nameOf(state.cell.key, state.seed), state)
    if (state.state === 'waits') this.#waiting.add(state)
    return state
  }

  #move(state: SeedState, to: SeedState['state']): void {
    state.state = to
    if (to === 'waits') this.#waiting.add(state)
    else this.#waiting.delete(state)
  }

  #fits({ estimateSeconds }: EstimatedCell): boolean {
    return this.#secondsLeft === null || estimateSeconds <= this.#secondsLeft
  }

  #spend(seconds: number): void {
    if (this.#secondsLeft !== null) this.#secondsLeft -= seconds
  }
}

function nameOf(key: string, seed: number): string {
  return `${key} ${String(seed)}`
}
