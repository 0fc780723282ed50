import { join } from 'node:path'
import { obtain } from '../vms/cache.js'
import { runProgram } from '../vms/program.js'
import { quietContext } from './stock-kernel.js'

/** A tree with Debian's GRUB, which this host need not have. */
export async function obtainGrub(): Promise<string> {
  const packages = ['grub-common', 'grub2-common', 'grub-pc-bin']
  const failure = { code: 'FCT_TEST_GRUB', doing: 'getting GRUB' } as const
  const unpack = 'for package in *.deb; do dpkg-deb -x "$package" tree; done; rm *.deb'
  const folder = await obtain(
    {
      kind: 'test',
      inputs: { recipe: 1, packages },
      title: 'grub',
      build: async (into) => {
        await runProgram('apt-get', ['-qq', 'download', ...packages], failure, { cwd: into })
        await runProgram('sh', ['-ec', unpack], failure, { cwd: into })
      },
    },
    quietContext,
  )
  return join(folder, 'tree')
}
