import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { packageRoot } from '../harness/folders.js'
import { hashOfFile, obtain, type BuildContext } from './cache.js'
import type { Files, GuestParts } from './guest-images.js'
import { archive, orderModules } from './initramfs.js'
import type { Kernel } from './kernels/kernel.js'
import { runProgram } from './program.js'

const init = join(packageRoot, 'vms', 'guest', 'init-in-ram')

/** With all that they depend on: what a guest without disks needs, a server and its clients. */
const wanted = [
  ...['virtio_pci', 'virtio_console', 'qemu_fw_cfg', 'crc32c_generic', 'crc32c_intel', 'loop', 'ext4'],
  ...['nfsd', 'lockd', 'grace', 'nfs_acl', 'auth_rpcgss', 'rpcsec_gss_krb5', 'nfs', 'nfsv3', 'nfsv4'],
]

/**
 * An initramfs that holds the whole root file system, the modules and what is under test, for a guest that has no disk.
 *
 * @returns its path
 */
export async function obtainRamInitramfs(
  { kernel, rootfs, payload, underTest }: GuestParts,
  context: BuildContext,
): Promise<string> {
  const root = await obtainRamRoot(rootfs, context)
  const files = { ...prefixed('fct', payload), ...prefixed('fct/under-test', underTest), init }
  const inputs = {
    recipe: 1,
    kernel: kernel.hash,
    rootfs: rootfs.hash,
    wanted,
    files: Object.entries(files).map(([name, path]) => [name, hashOfFile(path)]),
  }
  const build = async (into: string): Promise<void> => {
    const [tree, first] = [join(into, 'tree'), join(into, 'initramfs')]
    for (const [name, path] of Object.entries(files)) await copyInto(path, join(tree, name))
    await copyModules(kernel, tree)
    // The kernel unpacks archives that follow each other; one that is compressed has to be the last.
    await archive(tree, first)
    await pipeline(createReadStream(root), createWriteStream(first, { flags: 'a' }))
    await rm(tree, { recursive: true })
  }
  const title = `initramfs of ${kernel.name} with its root file system`
  const folder = await obtain({ kind: 'ram-initramfs', inputs, title, build }, context)
  return join(folder, 'initramfs')
}

/** The root file system as a compressed archive; the same for all kernels. */
async function obtainRamRoot({ image, hash }: GuestParts['rootfs'], context: BuildContext): Promise<string> {
  const build = async (into: string): Promise<void> => {
    const [tree, whole] = [join(into, 'tree'), join(into, 'root.cpio')]
    const failure = { code: 'FCT_INITRAMFS_FAILED', doing: 'packing the root file system' } as const
    await runProgram('fsck.erofs', [`--extract=${tree}`, image], failure)
    await archive(tree, whole)
    await runProgram('zstd', ['--quiet', '--rm', '-T0', '-9', whole], failure)
    await rm(tree, { recursive: true })
  }
  const title = 'root file system for a guest without disks'
  const folder = await obtain(
    { kind: 'ram-root', inputs: { recipe: 1, rootfs: hash }, title, build },
    context,
  )
  return join(folder, 'root.cpio.zst')
}

function prefixed(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [`${folder}/${name}`, path]))
}

/** Below usr/, since /lib is a link there, which comes later. */
async function copyModules({ modules, release }: Kernel, tree: string): Promise<void> {
  const folder = join(tree, 'usr', 'lib', 'modules', release)
  const dependencies = await readFile(join(modules, 'modules.dep'), 'utf8')
  for (const module of orderModules(dependencies, wanted))
    await copyInto(join(modules, module), join(folder, module))
  const indexes = (await readdir(modules)).filter((name) => name.startsWith('modules.'))
  for (const name of indexes) await copyInto(join(modules, name), join(folder, name))
}

async function copyInto(path: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true })
  await copyFile(path, copy)
}
