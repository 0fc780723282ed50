import { join } from 'node:path'
import type { Kernel } from './kernel.js'

/** Where the parts of a kernel stand in a folder laid out like a root file system. */
export function partsOf(
  folder: string,
  release: string,
): Pick<Kernel, 'image' | 'modules' | 'headers' | 'config'> {
  return {
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib', 'modules', release),
    headers: join(folder, 'usr', 'src', `linux-headers-${release}`),
    config: join(folder, 'boot', `config-${release}`),
  }
}
