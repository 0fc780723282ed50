import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { buildContext } from './progress.js'
import { exitStatus } from './exit-status.js'

/** Makes everything that a run with this kernel needs, so that the run itself need not. */
export async function prepareCommand(options: { kernel: string }, signal: AbortSignal): Promise<number> {
  const context = buildContext(process.stderr, signal)
  const kernel = await obtainKernel(options.kernel, context)
  await obtainGuestImages(kernel, context)
  return exitStatus.pass
}
