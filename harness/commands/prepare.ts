import type { Mirrors } from '../../vms/apt-root.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import { buildContext } from './progress.js'
import { exitStatus } from './exit-status.js'

/** Makes everything that a run with this kernel needs, so that the run itself need not. */
export async function prepareCommand(
  kernel: KernelRequest,
  mirrors: Mirrors | undefined,
  signal: AbortSignal,
): Promise<number> {
  const context = buildContext(process.stderr, signal, mirrors)
  await obtainGuestImages(await obtainKernel(kernel, context), context)
  return exitStatus.pass
}
