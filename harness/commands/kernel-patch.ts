import { withSourceTree } from '../../vms/kernels/source-tree.js'
import { tryPatches } from '../../vms/patches/apply-patches.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { showPatches } from '../../vms/patches/show-patches.js'
import { UsageError } from '../fct-error.js'
import { exitStatus } from './exit-status.js'
import { mirrorsOf } from './kernel-options.js'
import { buildContext } from './progress.js'

interface KernelPatchOptions {
  readonly kernel?: string
  readonly show?: boolean
  readonly mirror?: string
  readonly securityMirror?: string
}

/** Prints what patches come to: as one diff that applies with -p1, or for people. Nothing is changed. */
export async function kernelPatchCommand(
  paths: readonly string[],
  options: KernelPatchOptions,
  signal: AbortSignal,
): Promise<number> {
  const { kernel, show = false } = options
  const set = await readPatches(paths)
  if (kernel === undefined) {
    if (!show) throw new UsageError('FCT_KERNEL_MISSING', 'a diff needs --kernel; without it there is --show')
    process.stdout.write(showPatches(set))
    return exitStatus.pass
  }
  const context = buildContext(process.stderr, signal, mirrorsOf(options))
  const applied = await withSourceTree(kernel, set, context, (tree) => tryPatches(tree, set))
  const diff = applied.patches.map((patch) => patch.diff).join('')
  process.stdout.write(show ? showPatches(set, applied) : Buffer.from(diff, 'latin1'))
  return exitStatus.pass
}
