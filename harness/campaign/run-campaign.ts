import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { FctError } from '../fct-error.js'
import {
  cellKey,
  type Campaign,
  type Cell,
  type CampaignOutcome,
  type Dispatch,
  type ProgressEvent,
  type ProgressPlace,
} from '../store/history-records.js'
import type { HistoryWriter } from '../store/history-writer.js'
import type { Reason } from '../verdict/result.js'
import type { CellJob, Executor, JobEnd, JobListener } from './executor.js'
import type { CampaignPlan } from './plan.js'
import { foresee } from './schedule.js'
import { byTarget, estimateCells, NightWork, type EstimatedCell, type Work } from './work.js'

/** Nights that tell what a cell costs and brings. */
export const nightsRemembered = 14
/** A night that was interrupted goes on within this time; after it, a new one begins. */
const resumeWithinHours = 20

export interface CampaignContext {
  readonly store: HistoryWriter
  readonly executor: Executor
  /** Where run folders are kept. */
  readonly runs: string
  readonly signal: AbortSignal
  /** For the terminal; the store has them all the same. */
  readonly observer: { onEvent(event: ProgressEvent): void }
}

export interface NightChoice {
  /** Begins a new night although the last one was interrupted. */
  readonly fresh: boolean
  /** Of the night, to repeat one. */
  readonly seed?: number
  readonly now: Date
}

/** The night to go on with, or a new one. An interrupted one that is not gone on with has ended by that. */
export function openNight(
  plan: CampaignPlan,
  store: HistoryWriter,
  { fresh, seed, now }: NightChoice,
): Campaign {
  const last = store.latestCampaign(plan.name)
  if (last?.ended === null) {
    const hours = (now.getTime() - Date.parse(last.started)) / 3_600_000
    const isSame = JSON.stringify(last.plan) === JSON.stringify(plan.document)
    const isWanted = !fresh && (seed === undefined || seed === last.seed)
    if (isWanted && isSame && hours < resumeWithinHours) return last
    store.endCampaign(last.id, 'abandoned', now.toISOString())
    store.tell(last.id, { kind: 'campaign-ended', outcome: 'abandoned' })
  }
  return store.beginCampaign({
    name: plan.name,
    started: now.toISOString(),
    seed: seed ?? randomInt(2 ** 47),
    plan: plan.document,
  })
}

/**
 * Runs what of a night is still to do. Whenever this ends, killed or not, the same campaign given again goes on: what is in the store
 * is not repeated, what was out is asked of the executor first.
 *
 * @throws what the executor threw, the reason of the signal, FCT_DISK_FULL
 */
export async function runCampaign(
  plan: CampaignPlan,
  campaign: Campaign,
  context: CampaignContext,
): Promise<CampaignOutcome> {
  return new Night(plan, campaign, context).run()
}

type OpenDispatch = Pick<Dispatch, 'campaign' | 'cell' | 'seed' | 'attempt' | 'started'>

/** A target with what is to be done on it: no run of one takes time from another. */
interface Lane {
  readonly cells: readonly EstimatedCell[]
  readonly work: NightWork
  readonly slots: number
  readonly secondsLeft: number | null
  running: number
}

class Night {
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Set<Promise<void>>()
  /** Ends all that is out when the night cannot go on. */
  readonly #over = new AbortController()
  readonly #signal: AbortSignal

  constructor(
    readonly plan: CampaignPlan,
    readonly campaign: Campaign,
    readonly context: CampaignContext,
  ) {
    const { store, executor, signal } = context
    const window = { nights: nightsRemembered, before: campaign.started }
    const all = estimateCells(plan.cells, store.experience(plan.name, window))
    for (const [target, cells] of byTarget(all)) {
      const slots = executor.slotsOf(target)
      const secondsLeft = plan.budgetSeconds === null ? null : plan.budgetSeconds * slots
      const work = new NightWork(campaign.seed, cells, { secondsLeft, retries: plan.retries })
      this.#lanes.set(target, { cells, work, slots, secondsLeft, running: 0 })
    }
    this.#signal = AbortSignal.any([signal, this.#over.signal])
  }

  async run(): Promise<CampaignOutcome> {
    const { store } = this.context
    const open = this.#restore()
    try {
      for (const dispatch of open) this.#start(this.#lane(dispatch.cell), () => this.#resume(dispatch))
      await this.#handOut()
    } catch (error) {
      this.#over.abort(error)
      throw error
    } finally {
      await Promise.allSettled(this.#running)
    }
    const outcome = this.#works.every(({ isComplete }) => isComplete) ? 'complete' : 'budget'
    store.endCampaign(this.campaign.id, outcome, new Date().toISOString())
    this.#tell({ kind: 'campaign-ended', outcome })
    return outcome
  }

  /** @returns what is out, by the store */
  #restore(): Dispatch[] {
    const { store } = this.context
    const { id } = this.campaign
    const attempts = store.attempts(id)
    for (const { work } of this.#lanes.values()) work.restore(attempts)
    for (const run of store.runsOf(id)) this.#lane(run.cell).work.ended(cellKey(run.cell), run)
    const open = store.openDispatches(id)
    for (const { cell, seed } of open) this.#lane(cell).work.isOut(cellKey(cell), seed)
    const planned = sum(
      [...this.#lanes.values()].map(({ cells, secondsLeft }) => foresee(cells, secondsLeft).length),
    )
    const kind = attempts.size === 0 ? 'campaign-started' : 'campaign-resumed'
    this.#tell({ kind, planned, done: sum(this.#works.map(({ done }) => done)) })
    return open
  }

  get #works(): NightWork[] {
    return [...this.#lanes.values()].map(({ work }) => work)
  }

  #lane({ target }: Cell): Lane {
    const lane = this.#lanes.get(target)
    if (lane === undefined) throw new TypeError(`the plan has no target ${target}`)
    return lane
  }

  async #handOut(): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted()
      const next = this.#next()
      if (next !== undefined) this.#start(next.lane, () => this.#do(next.work))
      else if (this.#running.size > 0) await Promise.race(this.#running)
      else return
    }
  }

  /** It is out from now on. */
  #next(): { lane: Lane; work: Work } | undefined {
    for (const lane of this.#lanes.values()) {
      const work = lane.running < lane.slots ? lane.work.take() : undefined
      if (work !== undefined) return { lane, work }
    }
    return undefined
  }

  #start(lane: Lane, act: () => Promise<void>): void {
    lane.running++
    const running = act().finally(() => {
      lane.running--
      this.#running.delete(running)
    })
    // Whoever races for it hears of a failure; nobody may be racing yet.
    running.catch(() => undefined)
    this.#running.add(running)
  }

  async #do({ planned, seed, attempt }: Work): Promise<void> {
    const { store, executor, runs } = this.context
    const { cell, key, scenario, kernel, loadSeconds } = planned
    const night = `${this.plan.name}-${this.campaign.started.replaceAll(/[-:]|\.\d+/g, '')}`
    const job: CellJob = {
      ...{ cell, attempt, options: { scenario, kernel, time: loadSeconds, seed } },
      runs: join(runs, night, `${String(seed)}-${String(attempt)}`),
    }
    const dispatch = {
      campaign: this.campaign.id,
      cell,
      seed,
      attempt,
      started: new Date().toISOString(),
      job,
    }
    store.dispatch(dispatch)
    const place = { cell: key, seed, attempt }
    this.#tell({ kind: 'run-started', loadSeconds, ...place })
    const end = await executor.run(job, this.#listener(dispatch, place), this.#signal)
    if (isAnswer(end)) this.#settle(dispatch, place, end)
    else this.#lose(dispatch, place, { isItsOwn: true })
  }

  async #resume(dispatch: Dispatch): Promise<void> {
    const { cell, seed, attempt, reference } = dispatch
    const place = { cell: cellKey(cell), seed, attempt }
    const listener = this.#listener(dispatch, place)
    // What `#do` wrote.
    const job = dispatch.job as CellJob
    const end = await this.context.executor.resume(job, reference, listener, this.#signal)
    if (isAnswer(end)) this.#settle(dispatch, place, end)
    else this.#lose(dispatch, place, { isItsOwn: false })
  }

  #lose(dispatch: OpenDispatch, place: ProgressPlace, kind: { isItsOwn: boolean }): void {
    this.context.store.lose(dispatch)
    this.#tell({ kind: 'run-lost', ...place })
    this.#lane(dispatch.cell).work.lost(place.cell, place.seed, kind)
  }

  #settle(dispatch: OpenDispatch, place: ProgressPlace, { result, seconds }: JobEnd): void {
    const run = this.context.store.record({ ...dispatch, seconds }, result)
    this.#tell({ kind: 'run-ended', verdict: result.verdict, run, ...place })
    const { work } = this.#lane(dispatch.cell)
    work.ended(place.cell, { seed: place.seed, verdict: result.verdict, seconds })
    const gone = result.verdict === 'ERROR' ? result.reasons.find(isOfMachine) : undefined
    if (gone !== undefined) {
      work.close()
      this.#tell({
        kind: 'target-out',
        target: dispatch.cell.target,
        reason: `${gone.message} (${gone.code})`,
      })
    }
    const full = result.reasons.find(({ code }) => code === 'FCT_DISK_FULL')
    if (full !== undefined)
      throw new FctError(full.code, full.message, 'Free some; the same command goes on with the night.')
  }

  #listener(dispatch: Parameters<HistoryWriter['refer']>[0], place: ProgressPlace): JobListener {
    let lastLoad = -Infinity
    return {
      onReference: (reference) => {
        this.context.store.refer(dispatch, reference)
      },
      onPhase: (phase) => {
        this.#tell({ kind: 'phase', phase, ...place })
      },
      onLoad: (rates) => {
        if (Date.now() - lastLoad < 1000) return
        lastLoad = Date.now()
        this.#tell({ kind: 'load', rates, ...place })
      },
      onFinding: (finding) => {
        this.#tell({ kind: 'finding', ...finding, ...place })
      },
    }
  }

  #tell(event: ProgressEvent): void {
    this.context.observer.onEvent(event)
    try {
      this.context.store.tell(this.campaign.id, event)
    } catch (error) {
      // It is for whoever looks on; a store that cannot be written stops the night when a result is to be kept.
      if (!(error instanceof FctError)) throw error
    }
  }
}

/**
 * Whether a machine cannot be had, whatever is asked of it: it does not answer, or it is not as it must be (target/ssh). No other run
 * tonight would fare better.
 */
function isOfMachine({ code }: Reason): boolean {
  return /^FCT_(SSH|TARGET)_/.test(code) && !passing.has(code)
}

/** What befell one run; if it was more, the next one cannot connect. */
const passing = new Set(['FCT_SSH_LOST', 'FCT_SSH_COMMAND', 'FCT_SSH_COPY', 'FCT_TARGET_REBOOTED'])

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** Not if nothing came, or the user stopped it before it had an answer. */
function isAnswer(end: JobEnd | null): end is JobEnd {
  if (end === null) return false
  const { verdict, reasons } = end.result
  return verdict !== 'ERROR' || !reasons.some(({ code }) => code === 'FCT_INTERRUPTED')
}
