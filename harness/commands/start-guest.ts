import type { BuildContext } from '../../vms/cache.js'
import { obtainGuestImages, obtainRamImages, type GuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import {
  createDeterministicGuest,
  deterministicInputs,
  type DeterministicInputs,
} from '../target/deterministic-guest.js'
import type { DrivePlan, Standing } from '../target/drive.js'
import { createQemuTarget, type QemuTarget } from '../target/qemu-target.js'
import { createStagedGuest, createStandingGuest, type StandingObserver } from '../target/standing-guest.js'
import { drivePlanOf } from './drive-plan.js'

/** A guest that has begun. */
export interface StartedGuest {
  readonly target: QemuTarget
  readonly standing?: Standing
  readonly plan: DrivePlan
  /** Of what it was started from. */
  readonly hashes: GuestImages['hashes']
  /** All that decided what it does, if that is all. */
  readonly inputs?: DeterministicInputs
}

/** Makes what a guest is started from, and starts it. */
export async function startGuest(
  plan: RunPlan,
  kernel: KernelUnderTest,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StartedGuest> {
  if (plan.deterministic) {
    const images = await obtainRamImages(kernel, context)
    const drivePlan = drivePlanOf(plan, images)
    const inputs = await deterministicInputs(images, drivePlan, context, observer)
    const guest = await createDeterministicGuest(images, drivePlan, context, observer)
    return { ...guest, plan: drivePlan, hashes: images.hashes, inputs }
  }
  const images = await obtainGuestImages(kernel, context)
  const drivePlan = drivePlanOf(plan, images)
  const guest = await startUsualGuest(plan, drivePlan, { kernel, images }, context, observer)
  return { ...guest, plan: drivePlan, hashes: images.hashes }
}

/**
 * A saved guest takes some 300 MB, and an nfsd or a module of somebody's own is seldom run in the same way again; all
 * that have a kernel in common go on from one. A kernel that is his from the ground up boots.
 */
async function startUsualGuest(
  { kernel: { patches }, busted }: RunPlan,
  preparation: DrivePlan,
  { kernel, images }: { kernel: KernelUnderTest; images: GuestImages },
  context: BuildContext,
  observer: StandingObserver,
): Promise<Pick<StartedGuest, 'target' | 'standing'>> {
  if (patches.length === 0 && busted === '')
    return createStandingGuest(images, preparation, context, observer)
  if (patches.length === 0 || kernel.nfsd !== undefined)
    return createStagedGuest(images, preparation.stage, context, observer)
  observer.onPhase('booting')
  return { target: await createQemuTarget(images, context.signal) }
}

/** What a deterministic run of this plan would start from; all of it stands ready afterwards. */
export async function inputsOfPlan(plan: RunPlan, context: BuildContext): Promise<DeterministicInputs> {
  const images = await obtainRamImages(await obtainKernel(plan.kernel, context), context)
  const nobody = { onPhase: () => undefined, onConsole: () => undefined }
  return deterministicInputs(images, drivePlanOf(plan, images), context, nobody)
}
