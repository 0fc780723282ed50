import type { BuildContext } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import type { KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import type { Preparation, Standing } from '../target/drive.js'
import { createQemuTarget, type QemuTarget } from '../target/qemu-target.js'
import { createStagedGuest, createStandingGuest, type StandingObserver } from '../target/standing-guest.js'

/**
 * A saved guest takes some 300 MB, and an nfsd or a module of somebody's own is seldom run in the same way again; all
 * that have a kernel in common go on from one. A kernel that is his from the ground up boots.
 */
export async function startGuest(
  { kernel: { patches }, busted }: RunPlan,
  preparation: Preparation,
  { kernel, images }: { kernel: KernelUnderTest; images: GuestImages },
  context: BuildContext,
  observer: StandingObserver,
): Promise<{ target: QemuTarget; standing?: Standing; folder?: string }> {
  const isNfsdAlone = kernel.nfsd !== undefined
  if (patches.length === 0 && busted === '' && !isNfsdAlone)
    return createStandingGuest(images, preparation, context, observer)
  if (patches.length === 0 || isNfsdAlone)
    return createStagedGuest(images, preparation.stage, context, observer)
  observer.onPhase('booting')
  return { target: await createQemuTarget(images, context.signal) }
}
