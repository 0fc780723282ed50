import { join } from 'node:path'
import { obtain, type BuildContext } from './cache.js'
import type { Kernel } from './kernels/kernel.js'
import { runProgram } from './program.js'

/** A read-only image with all modules of a kernel: the guest mounts it at /lib/modules/RELEASE. */
export async function obtainModulesImage(kernel: Kernel, context: BuildContext): Promise<string> {
  const folder = await obtain(
    {
      kind: 'modules',
      inputs: { recipe: 1, kernel: kernel.hash },
      title: `module image of ${kernel.name}`,
      build: async (into) => {
        await makeErofs(join(into, 'modules.erofs'), kernel.modules)
      },
    },
    context,
  )
  return join(folder, 'modules.erofs')
}

/** Not compressed: a guest under TCG would pay for each block with emulated instructions. */
export async function makeErofs(image: string, folder: string): Promise<void> {
  await runProgram('mkfs.erofs', ['--quiet', '-T0', '-Enoinline_data', image, folder], {
    code: 'FCT_IMAGE_FAILED',
    doing: `making a file system image of ${folder}`,
  })
}
