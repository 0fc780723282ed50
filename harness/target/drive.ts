import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from '../agent/agent-client.js'
import {
  tracePort,
  type Finished,
  type Notice,
  type PrepareParams,
  type Prepared,
  type Progress,
  type StageParams,
  type TraceMetadata,
} from '../agent/protocol.js'
import type { LoadParams } from '../agent/protocol.js'
import type { Autopsy, AutopsyWishes } from './autopsy/autopsy.js'
import { FctError, messageOf } from '../fct-error.js'
import type { SpoolEnd, TraceSpool } from '../store/trace-spool.js'
import { addUp } from '../agent/add-up.js'
import type { ClientMachines } from './client-machines.js'
import { within } from './deadline.js'
import { freshParams } from './fresh-params.js'
import { consoleTail, KernelFault, TargetHung, TargetTimeout, type Target } from './target.js'
import { answerOf, guarded, leaveLimitMs, patienceWith, prepareLimitMs, type Watch } from './watch.js'

/** How a target is made ready for a load. */
export interface Preparation {
  readonly stage: StageParams
  readonly prepare: PrepareParams
}

/** How far a target has come already that resumes: to behind `stage`, or to behind `prepare`, with what that answered. */
export type Standing = 'staged' | Prepared

/** What one run does on a target. */
export interface DrivePlan extends Preparation {
  readonly standing?: Standing | undefined
  /** A machine of ours may have stood still for days: it is told the time, and gets new random numbers. */
  readonly isOurs: boolean
  readonly load: LoadParams
  /** Seconds of load. */
  readonly seconds: number
  /** Resolves when there has been enough of it before. */
  readonly enough?: Promise<void> | undefined
  readonly quietMs: number
  /** Where the clients are, if they are not on the target itself. Who made them stops them. */
  readonly clients?: ClientMachines | undefined
  readonly autopsy?: AutopsyPlan | undefined
}

/** Of a target that does not talk any more. */
export interface AutopsyPlan {
  readonly into: string
  /** When a dump of all memory is wanted: when the kernel has died or hangs, or at the end of each run. */
  readonly vmcore: 'never' | 'of the dead' | 'always'
}

/** What came of it. All that was known when it ended is here, however it ended. */
export interface DriveEnd {
  /** Why it did not get to its end: KernelFault, TargetLost, TargetTimeout, Interrupted, or an FctError of our own. */
  readonly failure: FctError | undefined
  readonly prepared: Prepared | undefined
  readonly finished: Finished | undefined
  readonly progress: Progress | undefined
  readonly spool: SpoolEnd | undefined
  /** Missing if the target told everything itself. */
  readonly autopsy?: Autopsy | undefined
}

/** The user stopped the run. */
export class Interrupted extends FctError {}

export interface DriveObserver {
  onNotice(notice: Notice): void
  onPhase(phase: string): void
}

const silenceLimitMs = 60_000
const finishSlackMs = 180_000
const restLimitMs = 30_000

/** All that does not depend on the nfsd that is to be tortured. */
export async function stage(watch: Watch, agent: Agent, params: StageParams): Promise<void> {
  await answerOf(watch, agent.call('stage', params), prepareLimitMs, 'setting the stage')
}

/** Gets a target ready for a load, as the agent is told to; what is recorded of it comes later. */
export async function prepare(watch: Watch, agent: Agent, params: PrepareParams): Promise<Prepared> {
  return answerOf(watch, agent.call('prepare', params), prepareLimitMs, 'preparing')
}

/** What of it is still to be done. */
async function makeReady(
  watch: Watch,
  agent: Agent,
  plan: DrivePlan,
  observer: DriveObserver,
): Promise<Prepared> {
  const { standing } = plan
  if (standing !== undefined && standing !== 'staged') return standing
  observer.onPhase('preparing')
  if (standing === undefined) await stage(watch, agent, plan.stage)
  return prepare(watch, agent, plan.prepare)
}

/** Drives a run from the start of the machine to its end. Does not stop the target: who made it does. */
export async function drive(
  target: Target,
  plan: DrivePlan,
  makeSpool: (metadata: TraceMetadata) => TraceSpool,
  observer: DriveObserver,
  signal: AbortSignal,
): Promise<DriveEnd> {
  const end: { -readonly [K in keyof DriveEnd]: DriveEnd[K] } = {
    failure: undefined,
    prepared: undefined,
    finished: undefined,
    progress: undefined,
    spool: undefined,
  }
  let receiving: Promise<SpoolEnd> | undefined
  const unkept = new AbortController()
  const { clients } = plan
  try {
    const watch = {
      target,
      signal: AbortSignal.any([signal, unkept.signal, ...(clients ? [clients.failed] : [])]),
    }
    const agent = await guarded(watch, target.start())
    agent.onNotice((notice) => {
      const told = withClients(notice, clients)
      if (told.notice === 'progress') end.progress = told.progress
      observer.onNotice(told)
    })
    end.prepared = await makeReady(watch, agent, plan, observer)
    receiving = makeSpool(end.prepared.trace).receive(target.stream(tracePort))
    receiving.then(
      ({ failure }) => {
        if (failure !== undefined) unkept.abort(failure)
      },
      () => undefined,
    )
    await answerOf(
      watch,
      agent.call('begin', plan.isOurs ? freshParams() : null),
      prepareLimitMs,
      'beginning',
    )
    await guarded(watch, clients?.join({ ...plan.stage, ...plan.prepare }) ?? Promise.resolve())
    observer.onPhase('load')
    await answerOf(watch, agent.call('load', plan.load), prepareLimitMs, 'starting the load')
    await guarded(watch, clients?.work(plan.load) ?? Promise.resolve())
    await loadFor(plan, watch, agent, () => end.progress)
    observer.onPhase('finishing')
    end.finished = await finish(plan, watch, agent)
    end.progress = end.finished.progress
    end.autopsy = await autopsyOf(target, plan.autopsy, end)
    await leave(target, agent)
  } catch (error) {
    end.failure = orHung(asFailure(error), target)
    end.autopsy ??= await autopsyOf(target, plan.autopsy, end)
  }
  end.spool = await restOf(target, receiving, end.failure)
  // What could not be kept may have come after everything else had gone well.
  end.failure ??= end.spool?.failure
  return end
}

async function finish({ clients, quietMs }: DrivePlan, watch: Watch, agent: Agent): Promise<Finished> {
  if (clients !== undefined) await takeDown(clients, watch, agent)
  const answer = agent.call('finish', { quietMs })
  const finished = await answerOf(watch, answer, quietMs + finishSlackMs, 'finishing')
  return { ...finished, progress: addClients(finished.progress, clients) }
}

/** Clients go on while the stressors end, and are gone before nfsd stops. */
async function takeDown(clients: ClientMachines, watch: Watch, agent: Agent): Promise<void> {
  await answerOf(watch, agent.call('rest', null), finishSlackMs, 'ending the stressors')
  await guarded(watch, clients.down())
}

/** The target knows of its own clients alone. */
function withClients(notice: Notice, clients: ClientMachines | undefined): Notice {
  if (notice.notice !== 'progress') return notice
  return { ...notice, progress: addClients(notice.progress, clients) }
}

function addClients(progress: Progress, clients: ClientMachines | undefined): Progress {
  return clients === undefined
    ? progress
    : { ...progress, clients: addUp([progress.clients, ...clients.stats()]) }
}

/** Waits the load out; when the machine dies or the user stops the run, no timer is left behind. */
async function loadFor(
  plan: Pick<DrivePlan, 'seconds' | 'enough'>,
  watch: Watch,
  agent: Agent,
  progress: () => Progress | undefined,
): Promise<void> {
  const over = new AbortController()
  try {
    await guarded(
      watch,
      keepLoading(agent, plan, { over: over.signal, progress, patience: patienceWith(watch.target) }),
    )
  } finally {
    over.abort()
  }
}

interface Waiting {
  readonly over: AbortSignal
  readonly progress: () => Progress | undefined
  readonly patience: number
}

/**
 * The load runs in the guest by itself; the host waits, as long as the agent keeps reporting, and no longer than the
 * clients work. A script goes on whatever they do, and waits for itself.
 */
async function keepLoading(
  agent: Agent,
  { seconds, enough }: Pick<DrivePlan, 'seconds' | 'enough'>,
  waiting: Waiting,
): Promise<void> {
  const silent = becomesSilent(agent, waiting)
  if (agent.isScripted) return Promise.race([silent, agent.call('wait', { seconds }).then(() => undefined)])
  const ends = [silent, fails(agent, waiting), delay(seconds * 1000, undefined, { signal: waiting.over })]
  await Promise.race(enough === undefined ? ends : [...ends, enough])
}

function becomesSilent(agent: Agent, { over, patience }: Waiting): Promise<never> {
  const limitMs = silenceLimitMs * patience
  const message = `the agent said nothing for ${String(limitMs / 1000)} s`
  let silence: NodeJS.Timeout | undefined
  return new Promise((_, reject) => {
    const listen = (): void => {
      clearTimeout(silence)
      if (over.aborted) return
      silence = setTimeout(() => {
        reject(new TargetTimeout('FCT_GUEST_SILENT', message))
      }, limitMs)
    }
    agent.onNotice(listen)
    over.addEventListener('abort', listen)
    listen()
  })
}

/** Resolves when the clients have met what nothing explains. */
function fails(agent: Agent, { progress }: Waiting): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if ((progress()?.clients.unexpected ?? null) !== null) resolve()
    }
    agent.onNotice(look)
    look()
  })
}

/** None of a target that talks, unless all its memory is wanted; it goes on then. */
export async function autopsyOf(
  target: Target,
  plan: AutopsyPlan | undefined,
  { failure, prepared, finished }: Partial<DriveEnd>,
): Promise<Autopsy | undefined> {
  if (plan === undefined || target.autopsy === undefined) return undefined
  const isDead = failure instanceof KernelFault || failure instanceof TargetHung
  const isMute = isDead || failure instanceof TargetTimeout || gone.has(failure?.code ?? '')
  const vmcore = plan.vmcore === 'always' || (plan.vmcore === 'of the dead' && isDead)
  if (!isMute && (failure !== undefined || !vmcore)) return undefined
  // One that has finished has given its trace away.
  const hasTrace = isMute && finished === undefined
  return target.autopsy(plan.into, { vmcore, trace: hasTrace ? traceWishOf(prepared) : undefined })
}

function traceWishOf(prepared: Prepared | undefined): AutopsyWishes['trace'] {
  if (prepared === undefined) return undefined
  const { ring, trace } = prepared
  return { ring, cpus: trace.cpus, pageSize: trace.pageSize }
}

/** What a machine may still tell that is gone for its agent. */
const gone = new Set<string>(['FCT_AGENT_LOST', 'FCT_TARGET_REBOOTED', 'FCT_TARGET_GONE'])

async function leave(target: Target, agent: Agent): Promise<void> {
  await agent.leave().catch(() => undefined)
  const late = (): Error => new TargetTimeout('FCT_GUEST_TIMEOUT', 'the guest did not power off')
  await within(target.ended, leaveLimitMs * patienceWith(target), late)
}

/** What is still on its way in the stream; after a failure the machine is ended first, so that the stream ends. */
async function restOf(
  target: Target,
  receiving: Promise<SpoolEnd> | undefined,
  failure: FctError | undefined,
): Promise<SpoolEnd | undefined> {
  if (failure !== undefined) await target.stop()
  if (receiving === undefined) return undefined
  return within(
    receiving,
    restLimitMs,
    () => new FctError('FCT_STREAM_STUCK', 'the raw trace stream does not end'),
  )
}

/** A machine that does not answer, and whose kernel has just said that a CPU is stuck, hangs. */
function orHung(failure: FctError, target: Target): FctError {
  const line = target.stuckWithin(silenceLimitMs * patienceWith(target))
  if (!(failure instanceof TargetTimeout) || line === undefined) return failure
  return new TargetHung('FCT_GUEST_HUNG', `the guest hangs: ${line}`, failure.message)
}

/** Any error as one with a code. */
export function asFailure(error: unknown): FctError {
  if (error instanceof FctError) return error
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return new FctError('FCT_INTERNAL', `fctorture failed: ${messageOf(error)}`, consoleTail(stack), {
    cause: error,
  })
}
