import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { packageRoot } from '../../harness/folders.js'
import { hashOf, obtain, type BuildContext } from '../cache.js'
import { applyPatches } from '../patches/apply-patches.js'
import type { PatchSet } from '../patches/patch.js'
import { outputOf, runProgram } from '../program.js'
import { obtainToolchain, type Toolchain } from '../toolchain.js'
import { withWorkspace } from '../workspace.js'
import { keepLog } from './build-failure.js'
import type { Kernel, KernelSource } from './kernel.js'
import { obtainNfsdSource } from './nfsd-source.js'

/** Has Kbuild ask the compiler once for each of its options. */
const tryRun = join(packageRoot, 'vms', 'kernels', 'try-run.mk')

/** An nfsd.ko of ours, for a kernel that was built before. */
export interface NfsdModule {
  readonly hash: string
  /** nfsd.ko without debug information. */
  readonly path: string
  /** The tree that it was built from, patches applied: `fs/nfsd/...`. */
  readonly source: string
}

export interface NfsdRequest {
  readonly kernel: Kernel
  /** Of fs/nfsd; the kernel's own, or that of another commit with the same rest. */
  readonly source: KernelSource
  readonly patches: PatchSet
}

/**
 * nfsd.ko alone, built out of tree against the kernel's headers. The objects stay in a workspace of this kernel, so that the
 * next source that differs in one file costs one file.
 *
 * @throws FctError FCT_NFSD_BUILD with the compiler's first error, FCT_PATCH_*
 */
export async function obtainNfsdModule(request: NfsdRequest, context: BuildContext): Promise<NfsdModule> {
  const { kernel, source, patches } = request
  const toolchain = await obtainToolchain(kernel.toolchain, context)
  const inputs = {
    recipe: 2,
    kernel: kernel.hash,
    source: source.hash,
    patches: identify(patches),
    compiler: toolchain.version,
  }
  const folder = await obtain(
    {
      kind: 'nfsd',
      inputs,
      title: `nfsd.ko for ${kernel.name}`,
      build: (into, signal) => buildInto(into, request, toolchain, { ...context, signal }),
    },
    context,
  )
  return { hash: hashOf(inputs), path: join(folder, 'nfsd.ko'), source: join(folder, 'tree') }
}

/** What a patch set does to a tree, whatever file it was read from. */
export function identify({ patches }: PatchSet): string {
  return hashOf(patches.map((patch) => (patch.kind === 'plain' ? [patch.strip, patch.diff] : patch.files)))
}

async function buildInto(
  into: string,
  { kernel, source, patches }: NfsdRequest,
  toolchain: Toolchain,
  context: BuildContext,
): Promise<void> {
  const tree = join(into, 'tree')
  const copying = { code: 'FCT_NFSD_BUILD', doing: `copying fs/nfsd of ${source.title}` } as const
  await runProgram('cp', ['-a', await obtainNfsdSource(source, context), tree], copying, {
    signal: context.signal,
  })
  await applyPatches(tree, patches)
  const key = hashOf([kernel.hash, toolchain.version])
  const place = { kind: 'nfsd-build', key, title: `objects of nfsd.ko for ${kernel.name}` }
  await withWorkspace(place, context, async (workspace) => {
    await updateTree(tree, workspace)
    await make(kernel, workspace, toolchain, context)
    await copyFile(join(workspace, 'fs', 'nfsd', 'nfsd.ko'), join(into, 'nfsd.ko'))
  })
}

async function make(
  kernel: Kernel,
  workspace: string,
  toolchain: Toolchain,
  { signal }: BuildContext,
): Promise<void> {
  const failure = { code: 'FCT_NFSD_BUILD', doing: `building nfsd.ko for ${kernel.name}` } as const
  const place = {
    cwd: workspace,
    writable: [workspace],
    readable: [kernel.headers, tryRun],
    env: { MAKEFILES: tryRun },
  }
  try {
    await toolchain.run('make', makeArguments(kernel, workspace), failure, place, { signal })
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_NFSD_BUILD') throw error
    throw await keepLog(error, outputOf(error), `nfsd-${kernel.hash}`)
  }
}

/**
 * srcversion is what tells one nfsd.ko from another in a running kernel. BTF would need the kernel's own vmlinux; debug
 * information is nine tenths of the module.
 */
function makeArguments(kernel: Kernel, workspace: string): string[] {
  const folder = join(workspace, 'fs', 'nfsd')
  // Splats name a file as the kernel's own build does, whatever machine they come from.
  const flags = `-g0 -fmacro-prefix-map=${workspace}/=`
  return [
    ...['-C', kernel.headers, `M=${folder}`, `-j${String(cpus().length)}`, `KCFLAGS=${flags}`],
    // Headers of Debian's name it, those of a kernel built here do not.
    `CC=${kernel.toolchain.compiler}`,
    ...['CONFIG_NFSD=m', 'CONFIG_MODULE_SRCVERSION_ALL=y', 'CONFIG_DEBUG_INFO_BTF_MODULES='],
    ...[`fct-answers=${join(workspace, 'answers.mk')}`, 'try-run=$(remembered-try-run)', 'modules'],
  ]
}

/** Makes the files of `to` those of `from`; a file that is the same already keeps its time, and what make built of it stays. */
async function updateTree(from: string, to: string): Promise<void> {
  const wanted = await filesBelow(from)
  await Promise.all(wanted.map((path) => updateFile(join(from, path), join(to, path))))
  const isSource = /\.[chx]$|(^|\/)(Makefile|Kconfig)$/
  const others = (await filesBelow(to)).filter((path) => isSource.test(path) && !path.endsWith('.mod.c'))
  const gone = new Set(others)
  for (const path of wanted) gone.delete(path)
  for (const path of gone) await rm(join(to, path))
}

async function updateFile(from: string, to: string): Promise<void> {
  const content = await readFile(from)
  const present = await readFile(to).catch(() => undefined)
  if (present?.equals(content) === true) return
  await mkdir(dirname(to), { recursive: true })
  await writeFile(to, content)
  const { mtimeMs } = await stat(from)
  if (mtimeMs === 0) await utimes(to, 0, 0)
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const prefix = folder.length + 1
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(prefix))
}
