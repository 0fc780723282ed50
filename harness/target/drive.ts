import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from '../agent/agent-client.js'
import {
  tracePort,
  type BeginParams,
  type Finished,
  type Notice,
  type PrepareParams,
  type Prepared,
  type Progress,
  type StageParams,
  type TraceMetadata,
} from '../agent/protocol.js'
import type { LoadParams } from '../agent/protocol.js'
import { FctError, messageOf } from '../fct-error.js'
import type { SpoolEnd, TraceSpool } from '../store/trace-spool.js'
import { within } from './deadline.js'
import { consoleTail, TargetTimeout, type Target } from './target.js'
import { answerOf, guarded, leaveLimitMs, prepareLimitMs, type Watch } from './watch.js'

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
}

/** What came of it. All that was known when it ended is here, however it ended. */
export interface DriveEnd {
  /** Why it did not get to its end: KernelFault, TargetLost, TargetTimeout, Interrupted, or an FctError of our own. */
  readonly failure: FctError | undefined
  readonly prepared: Prepared | undefined
  readonly finished: Finished | undefined
  readonly progress: Progress | undefined
  readonly spool: SpoolEnd | undefined
}

/** The user stopped the run. */
export class Interrupted extends FctError {}

export interface DriveObserver {
  onNotice(notice: Notice): void
  onPhase(phase: string): void
}

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

function freshParams(): BeginParams {
  return { now: Date.now(), entropy: randomBytes(64).toString('base64') }
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
  try {
    const watch = { target, signal: AbortSignal.any([signal, unkept.signal]) }
    const agent = await guarded(watch, target.start())
    agent.onNotice((notice) => {
      if (notice.notice === 'progress') end.progress = notice.progress
      observer.onNotice(notice)
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
    observer.onPhase('load')
    await answerOf(watch, agent.call('load', plan.load), prepareLimitMs, 'starting the load')
    await loadFor(plan, watch, agent, () => end.progress)
    observer.onPhase('finishing')
    const finish = agent.call('finish', { quietMs: plan.quietMs })
    end.finished = await answerOf(watch, finish, plan.quietMs + finishSlackMs, 'finishing')
    end.progress = end.finished.progress
    await leave(target, agent)
  } catch (error) {
    end.failure = asFailure(error)
  }
  end.spool = await restOf(target, receiving, end.failure)
  // What could not be kept may have come after everything else had gone well.
  end.failure ??= end.spool?.failure
  return end
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
      keepLoading({ agent, patienceMs: watch.target.patienceMs }, plan, over.signal, progress),
    )
  } finally {
    over.abort()
  }
}

/**
 * The load runs in the guest by itself; the host waits, as long as the agent keeps reporting, and no longer than the
 * clients work.
 */
async function keepLoading(
  { agent, patienceMs }: { agent: Agent; patienceMs: number },
  { seconds, enough }: Pick<DrivePlan, 'seconds' | 'enough'>,
  over: AbortSignal,
  progress: () => Progress | undefined,
): Promise<void> {
  let silence: NodeJS.Timeout | undefined
  const silent = new Promise<never>((_, reject) => {
    const listen = (): void => {
      clearTimeout(silence)
      if (over.aborted) return
      silence = setTimeout(() => {
        reject(
          new TargetTimeout('FCT_GUEST_SILENT', `the agent said nothing for ${String(patienceMs / 1000)} s`),
        )
      }, patienceMs)
    }
    agent.onNotice(listen)
    over.addEventListener('abort', listen)
    listen()
  })
  const broken = new Promise<void>((resolve) => {
    const look = (): void => {
      if ((progress()?.clients.unexpected ?? null) !== null) resolve()
    }
    agent.onNotice(look)
    look()
  })
  const ends = [silent, broken, delay(seconds * 1000, undefined, { signal: over })]
  await Promise.race(enough === undefined ? ends : [...ends, enough])
}

async function leave(target: Target, agent: Agent): Promise<void> {
  await agent.leave().catch(() => undefined)
  const late = (): Error => new TargetTimeout('FCT_GUEST_TIMEOUT', 'the guest did not power off')
  await within(target.ended, leaveLimitMs, late)
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

/** Any error as one with a code. */
export function asFailure(error: unknown): FctError {
  if (error instanceof FctError) return error
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return new FctError('FCT_INTERNAL', `fctorture failed: ${messageOf(error)}`, consoleTail(stack), {
    cause: error,
  })
}
