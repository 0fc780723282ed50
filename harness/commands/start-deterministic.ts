import type { BuildContext } from '../../vms/cache.js'
import { obtainRamImages, type RamImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import {
  createDeterministicGuest,
  deterministicInputs,
  prepareReplay,
  type DeterministicInputs,
  type ReplayStarter,
} from '../target/deterministic-guest.js'
import type { DrivePlan } from '../target/drive.js'
import type { StandingGuest, StandingObserver } from '../target/standing-guest.js'
import { drivePlanOf } from './drive-plan.js'

/** A guest in which everything follows from the seed, and what it was started from. */
export interface StartedDeterministic extends StandingGuest {
  readonly drivePlan: DrivePlan
  readonly hashes: RamImages['hashes']
  /** All that decides what it does. */
  readonly inputs: DeterministicInputs
}

export async function startDeterministic(
  plan: RunPlan,
  kernel: KernelUnderTest,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StartedDeterministic> {
  const images = await obtainRamImages(kernel, context)
  const drivePlan = drivePlanOf(plan, images)
  const inputs = await deterministicInputs(images, drivePlan, context, observer)
  const guest = await createDeterministicGuest(images, drivePlan, context, observer, plan.recordInto)
  return { ...guest, drivePlan, hashes: images.hashes, inputs }
}

/** What a deterministic run of this plan would start from; all of it stands ready afterwards. */
export async function inputsOfPlan(plan: RunPlan, context: BuildContext): Promise<DeterministicInputs> {
  const images = await obtainRamImages(await obtainKernel(plan.kernel, context), context)
  const nobody = { onPhase: () => undefined, onConsole: () => undefined }
  return deterministicInputs(images, drivePlanOf(plan, images), context, nobody)
}

/** Machines that do again what a run of this plan did while it was recorded. */
export async function replayStarterOf(
  plan: RunPlan,
  recording: string,
  context: BuildContext,
): Promise<ReplayStarter> {
  const images = await obtainRamImages(await obtainKernel(plan.kernel, context), context)
  return prepareReplay(images, drivePlanOf(plan, images), context, recording)
}
