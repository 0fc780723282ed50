import type { BuildContext } from '../cache.js'
import { findKernel } from './catalogue.js'
import { obtainDebianKernel, type Kernel } from './debian-kernel.js'

export type { Kernel } from './debian-kernel.js'

/** The one place where a kernel's name is given to its provider. */
export async function obtainKernel(name: string, context: BuildContext): Promise<Kernel> {
  return obtainDebianKernel(findKernel(name), context)
}
