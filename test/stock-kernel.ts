import type { BuildContext } from '../vms/cache.js'
import { obtainKernel, type KernelUnderTest } from '../vms/kernels/kernels.js'

export const quietContext: BuildContext = {
  announce: () => () => undefined,
  signal: new AbortController().signal,
}

/** The kernel that `npm run setup` has prepared. */
export async function obtainStockKernel(): Promise<KernelUnderTest> {
  return obtainKernel({ name: 'debian:6.1', patches: [], profile: 'stock' }, quietContext)
}
