import type { BuildContext } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import type { KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import type { Preparation, Standing } from '../target/drive.js'
import { createQemuTarget, type QemuTarget } from '../target/qemu-target.js'
import { serverWires } from '../target/cables.js'
import { createStagedGuest, createStandingGuest, type StandingObserver } from '../target/standing-guest.js'

/**
 * The machine with the server, these ends of cables in its network cards. A saved guest takes some 300 MB, and an nfsd or a module of somebody's own is seldom run in the same way again; all
 * that have a kernel in common go on from one. A kernel that is his from the ground up boots.
 */
export async function startGuest(
  { kernel: { patches }, busted }: RunPlan,
  preparation: Preparation,
  { kernel, images, ends }: { kernel: KernelUnderTest; images: GuestImages; ends: readonly number[] },
  context: BuildContext,
  observer: StandingObserver,
): Promise<{ target: QemuTarget; standing?: Standing; folder?: string }> {
  const isNfsdAlone = kernel.nfsd !== undefined
  if (patches.length === 0 && busted === '' && !isNfsdAlone)
    return createStandingGuest(images, preparation, context, observer, ends)
  if (patches.length === 0 || isNfsdAlone)
    return createStagedGuest(images, preparation.stage, context, observer, ends)
  observer.onPhase('booting')
  const wires = serverWires(ends.length, ends)
  return { target: await createQemuTarget(images, context.signal, { wires }) }
}
