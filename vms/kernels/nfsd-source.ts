import { utimes } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { obtain, type BuildContext } from '../cache.js'
import type { KernelSource } from './kernel.js'

/**
 * What nfsd.ko is built from: its folder; a header that vfs.c of all kernels before 7.3 includes; and the XDR specification
 * that code of fs/nfsd is generated from (make looks at its time only).
 */
export const nfsdPaths = ['fs/nfsd', 'fs/internal.h', 'Documentation/sunrpc/xdr']

/** The part of a source tree that nfsd.ko is built from, as a tree of its own. */
export async function obtainNfsdSource(source: KernelSource, context: BuildContext): Promise<string> {
  const folder = await obtain(
    {
      kind: 'nfsd-source',
      inputs: { recipe: 1, source: source.hash, paths: nfsdPaths },
      title: `fs/nfsd of ${source.title}`,
      build: (into, signal) => exportNfsd(source, into, { ...context, signal }),
    },
    context,
  )
  return join(folder, 'tree')
}

async function exportNfsd(source: KernelSource, into: string, context: BuildContext): Promise<void> {
  const tree = join(into, 'tree')
  await source.exportPaths(nfsdPaths, tree, context)
  if (!existsSync(join(tree, 'fs', 'nfsd', 'filecache.c')))
    throw new FctError('FCT_KERNEL_NO_SOURCE', `${source.title} has no fs/nfsd/filecache.c`)
  // Older than what is generated from it: else make asks for a generator that only the whole tree has.
  const specification = join(tree, 'Documentation', 'sunrpc', 'xdr', 'nfs4_1.x')
  if (existsSync(specification)) await utimes(specification, 0, 0)
}
