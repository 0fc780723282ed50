import { obtainGuestImages } from '../../vms/guest-images.js'
import type { BuildContext } from '../../vms/cache.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { LiveReport } from '../verdict/compose-result.js'
import type { MachineRequest, RunPlan } from '../scenario/plan.js'
import type { RunRecord } from '../store/run-record.js'
import { TraceSpool } from '../store/trace-spool.js'
import { FctError } from '../fct-error.js'
import {
  asFailure,
  drive,
  type DriveEnd,
  type DriveObserver,
  type DrivePlan,
  type Standing,
} from '../target/drive.js'
import type { SshTarget } from '../target/ssh/ssh-target.js'
import type { StandingObserver } from '../target/standing-guest.js'
import type { KernelBuild } from '../verdict/result.js'
import { LiveCheck, type LiveFinding } from './live-check.js'
import { drivePlanOf } from './drive-plan.js'
import { startGuest } from './start-guest.js'
import { startMachineOf } from './start-machine.js'
import type { Target, TargetDescription } from '../target/target.js'

/** What a run leaves behind, as far as it got. */
export interface Aftermath {
  readonly kernel: KernelUnderTest | undefined
  /** Hashes of what the run was made of. */
  readonly inputs: Readonly<Record<string, string>> | undefined
  /** The kernel of a machine that is not ours. */
  readonly running: { readonly hash: string; readonly build: KernelBuild } | undefined
  readonly target: TargetDescription | undefined
  readonly end: DriveEnd
  readonly spool: TraceSpool | undefined
  /** What was said while the run went on. */
  readonly live: LiveReport
}

export interface RunObserver extends DriveObserver {
  onFinding(finding: LiveFinding): void
}

/** Boots a guest, tortures it and ends it. Whatever goes wrong is in the answer, with all that was known by then. */
export async function runGuest(
  plan: RunPlan,
  record: RunRecord,
  context: BuildContext,
  observer: RunObserver,
): Promise<Aftermath> {
  const got = nothingYet()
  const live = new LiveCheck({
    until: plan.untilFinding,
    onFinding: (finding) => {
      observer.onFinding(finding)
    },
  })
  let target: Target | undefined
  try {
    const onConsole = (chunk: Uint8Array): void => {
      record.writeConsole(chunk)
    }
    const from = await start(plan, got, context, { ...observer, onConsole })
    target = from.target
    got.target = target.description
    target.onConsole(onConsole)
    const makeSpool = (metadata: TraceMetadata): TraceSpool => {
      live.start(metadata)
      return (got.spool = new TraceSpool(record.folder, metadata, (cpu, page) => {
        live.push(cpu, page)
      }))
    }
    const onPhase = (name: string): void => {
      if (name === 'load') live.beginLoad()
      observer.onPhase(name)
    }
    got.end = await drive(
      target,
      { ...from.drivePlan, standing: from.standing, enough: live.enough },
      makeSpool,
      { ...observer, onPhase },
      context.signal,
    )
  } catch (error) {
    got.end = { ...got.end, failure: asFailure(error) }
  } finally {
    await target?.stop()
    got.end = { ...got.end, failure: got.end.failure ?? residueOf(target) }
    got.live = await live.end()
  }
  return got
}

interface Started {
  readonly target: Target
  readonly drivePlan: DrivePlan
  readonly standing?: Standing
}

type Unfinished = { -readonly [K in keyof Aftermath]: Aftermath[K] }

function start(
  plan: RunPlan,
  got: Unfinished,
  context: BuildContext,
  observer: StandingObserver,
): Promise<Started> {
  const { machine } = plan
  if (machine === undefined) return startOwn(plan, got, context, observer)
  return startForeign({ ...plan, machine }, got, context, observer)
}

/** In a guest of our own. */
async function startOwn(
  plan: RunPlan,
  got: Unfinished,
  context: BuildContext,
  observer: StandingObserver,
): Promise<Started> {
  const kernel = (got.kernel = await obtainKernel(plan.kernel, context))
  const images = await obtainGuestImages(kernel, context)
  got.inputs = images.hashes
  const drivePlan = drivePlanOf(plan, images)
  return { drivePlan, ...(await startGuest(plan, drivePlan, { kernel, images }, context, observer)) }
}

/** On a machine of somebody else. */
async function startForeign(
  plan: RunPlan & { machine: MachineRequest },
  got: Unfinished,
  context: BuildContext,
  observer: StandingObserver,
): Promise<Started> {
  observer.onPhase('connecting')
  const { target, knowsLayout, hash, build, inputs } = await startMachineOf(
    plan.machine,
    plan.kernel,
    context,
  )
  got.running = { hash, build }
  got.inputs = inputs
  return { target, drivePlan: drivePlanOf(plan, { knowsLayout }) }
}

/** What is left on a machine that is not ours is no small matter. */
function residueOf(target: Target | undefined): FctError | undefined {
  const residue = target === undefined || !('residue' in target) ? [] : (target as SshTarget).residue
  if (residue.length === 0) return undefined
  return new FctError(
    'FCT_TARGET_RESIDUE',
    'not all of ours could be undone on the target',
    residue.join('\n'),
  )
}

function nothingYet(): Unfinished {
  const [kernel, inputs, running, target, spool] = Array<undefined>(5)
  const [failure, prepared, finished, progress] = [undefined, undefined, undefined, undefined]
  const end = { failure, prepared, finished, progress, spool }
  return { kernel, inputs, running, target, end, spool, live: { seconds: new Map(), gaveUp: null } }
}
