import type { BuildContext } from '../../vms/cache.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { MachineRequest, RunPlan } from '../scenario/plan.js'
import type { DeterministicInputs } from '../target/deterministic-guest.js'
import type { DrivePlan, Standing } from '../target/drive.js'
import type { StandingObserver } from '../target/standing-guest.js'
import type { Target } from '../target/target.js'
import type { KernelBuild } from '../verdict/result.js'
import { drivePlanOf } from './drive-plan.js'
import { startDeterministic } from './start-deterministic.js'
import { startGuest } from './start-guest.js'
import { startMachineOf } from './start-machine.js'

/** What is known of the kernel and of what the run is made of, as soon as it is known. */
export interface Origin {
  /** Of a guest. */
  kernel: KernelUnderTest | undefined
  /** The kernel of a machine that is not ours. */
  running: { readonly hash: string; readonly build: KernelBuild } | undefined
  /** All that decided what the guest did, if that is all. */
  deterministic: DeterministicInputs | undefined
  /** Hashes of what the run was made of. */
  inputs: Readonly<Record<string, string>> | undefined
}

/** What a target is started with. */
export interface Means {
  readonly context: BuildContext
  /** Of the cables to client machines. */
  readonly ends: readonly number[]
}

/** A target that can be driven. */
export interface StartedTarget {
  readonly target: Target
  readonly drivePlan: DrivePlan
  readonly standing?: Standing
  /** Where the saved guest is that went on. */
  readonly folder?: string
}

/** A guest of ours, or a machine of somebody else. */
export function startTarget(
  plan: RunPlan,
  origin: Origin,
  means: Means,
  observer: StandingObserver,
): Promise<StartedTarget> {
  const { machine } = plan
  if (machine === undefined) return startOwn(plan, origin, means, observer)
  return startForeign({ ...plan, machine }, origin, means, observer)
}

async function startOwn(
  plan: RunPlan,
  origin: Origin,
  means: Means,
  observer: StandingObserver,
): Promise<StartedTarget> {
  const { context, ends } = means
  const kernel = (origin.kernel = await obtainKernel(plan.kernel, context))
  if (plan.deterministic) {
    const { hashes, inputs, ...started } = await startDeterministic(plan, kernel, context, observer)
    origin.inputs = hashes
    origin.deterministic = inputs
    return started
  }
  const images = await obtainGuestImages(kernel, context)
  origin.inputs = images.hashes
  const drivePlan = drivePlanOf(plan, images)
  return { drivePlan, ...(await startGuest(plan, drivePlan, { kernel, images, ends }, context, observer)) }
}

async function startForeign(
  plan: RunPlan & { machine: MachineRequest },
  origin: Origin,
  { context }: Means,
  observer: StandingObserver,
): Promise<StartedTarget> {
  observer.onPhase('connecting')
  const started = await startMachineOf(plan.machine, plan.kernel, context)
  const { target, knowsLayout, hash, build, inputs } = started
  origin.running = { hash, build }
  origin.inputs = inputs
  return { target, drivePlan: drivePlanOf(plan, { knowsLayout }) }
}
