import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import type { BuildContext } from '../cache.js'
import { onlyNfsd } from '../patches/only-nfsd.js'
import type { PatchSet } from '../patches/patch.js'
import { resolvePackages } from './debian-packages.js'
import { createDebianSource } from './debian-source.js'
import { readKernelName } from './kernel-name.js'
import type { KernelSource } from './kernel.js'
import { nfsdPaths } from './nfsd-source.js'
import { openTreeSource } from './tree-source.js'

/**
 * Gives `use` the source of a kernel in a folder of its own, as much of it as the patches can touch.
 *
 * @throws FctError FCT_KERNEL_NO_SOURCE for an image; UsageError FCT_KERNEL_UNKNOWN
 */
export async function withSourceTree<T>(
  name: string,
  patches: PatchSet,
  context: BuildContext,
  use: (tree: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-source-'))
  try {
    await withSource(name, context, (source) =>
      onlyNfsd(patches) ? source.exportPaths(nfsdPaths, folder, context) : source.exportAll(folder, context),
    )
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withSource(
  name: string,
  context: BuildContext,
  use: (source: KernelSource) => Promise<void>,
): Promise<void> {
  const known = readKernelName(name)
  if (known.provider === 'debian')
    return use(createDebianSource(known.entry, await resolvePackages(known.entry, context)))
  if (known.provider === 'image')
    throw new FctError(
      'FCT_KERNEL_NO_SOURCE',
      `${name} has no source; name the tree it was built from: tree:PATH`,
    )
  const tree = await openTreeSource(known.name, context.signal)
  try {
    await use(tree.base)
  } finally {
    await tree.close()
  }
}
