import { copyFile, mkdir, readFile, writeFile, chmod, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { packageRoot } from '../harness/folders.js'
import { hashOfFile, obtain, type BuildContext } from './cache.js'
import type { Kernel } from './kernels/kernel.js'
import { runProgram } from './program.js'

const init = join(packageRoot, 'vms', 'guest', 'init')
const busybox = '/bin/busybox'

// What the guest must load before it can mount its root file system.
// erofs wants libcrc32c, and that a crc32c algorithm, by a soft dependency that modules.dep does not show.
const bootModules = [
  'crc32c_generic',
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'virtio_rng',
  'erofs',
  'overlay',
  // They tell QEMU of a panic (of both, the one that the kernel has), and where the kernel's own data is.
  'pvpanic',
  'pvpanic_mmio',
  'qemu_fw_cfg',
]

/** The part of the initial RAM disk that depends on the kernel alone: busybox, the boot modules and /init. */
export async function obtainInitramfs(kernel: Kernel, context: BuildContext): Promise<string> {
  const folder = await obtain(
    {
      kind: 'initramfs',
      inputs: {
        recipe: 2,
        kernel: kernel.hash,
        bootModules,
        init: hashOfFile(init),
        busybox: hashOfFile(busybox),
      },
      title: `initramfs of ${kernel.name}`,
      build: (into) => buildInitramfs(kernel, into),
    },
    context,
  )
  return join(folder, 'initramfs.cpio')
}

async function buildInitramfs(kernel: Kernel, into: string): Promise<void> {
  const tree = join(into, 'tree')
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'rw', 'root', 'fct']) {
    await mkdir(join(tree, folder), { recursive: true })
  }
  await copyFile(busybox, join(tree, 'bin', 'busybox'))
  await copyFile(init, join(tree, 'init'))
  await chmod(join(tree, 'init'), 0o755)
  const modules = await findModules(kernel)
  const names: string[] = []
  for (const module of modules) names.push(await addModule(module, join(tree, 'modules')))
  await writeFile(join(tree, 'modules', 'order'), names.map((name) => `${name}\n`).join(''))
  await archive(tree, join(into, 'initramfs.cpio'))
  await rm(tree, { recursive: true })
}

/** Uncompressed, since busybox cannot load anything else. @returns its file name. */
async function addModule(module: string, folder: string): Promise<string> {
  const copy = join(folder, basename(module))
  await copyFile(module, copy)
  if (!module.endsWith('.xz')) return basename(copy)
  await runProgram('xz', ['--decompress', copy], {
    code: 'FCT_INITRAMFS_FAILED',
    doing: `unpacking ${module}`,
  })
  return basename(copy, '.xz')
}

/** Paths of the boot modules with all they depend on, in the order in which they can be loaded. */
async function findModules(kernel: Kernel): Promise<string[]> {
  const dependencies = await readFile(join(kernel.modules, 'modules.dep'), 'utf8')
  return orderModules(dependencies, bootModules).map((module) => join(kernel.modules, module))
}

/** Reads modules.dep ("path: dependency ...", the deepest dependency last); names that are built in have no line. */
export function orderModules(modulesDep: string, wanted: readonly string[]): string[] {
  const byName = new Map(modulesDep.split('\n').map((line) => [moduleName(line.split(':')[0] ?? ''), line]))
  const ordered = wanted.flatMap((name) => {
    const [path, needs] = (byName.get(name) ?? '').split(':')
    return path === undefined || path === '' ? [] : [...(needs ?? '').trim().split(' ').reverse(), path]
  })
  return [...new Set(ordered.filter((path) => path !== ''))]
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')
}

/** Packs a folder's content as a newc archive, the form that the kernel unpacks; several may follow each other. */
export async function archive(folder: string, into: string): Promise<void> {
  const failure = { code: 'FCT_INITRAMFS_FAILED', doing: `packing ${basename(dirname(into))}` } as const
  const names = await runProgram('find', ['.', '-print0'], failure, { cwd: folder })
  await runProgram(
    'cpio',
    ['--null', '--create', '--quiet', '--format=newc', '--owner=0:0', `--file=${into}`],
    failure,
    {
      cwd: folder,
      input: names,
      stdin: 'pipe',
    },
  )
}
