import { copyFile, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { addonFile } from '../addon/index.js'
import { FctError } from '../harness/fct-error.js'
import { packageRoot } from '../harness/folders.js'
import { hashOfFile, obtain, type BuildContext } from './cache.js'
import { archive, obtainInitramfs } from './initramfs.js'
import type { Kernel } from './kernels/kernel.js'
import type { KernelUnderTest } from './kernels/kernels.js'
import { makeErofs, obtainModulesImage } from './modules-image.js'
import { obtainRamInitramfs } from './ram-images.js'
import { obtainRootfs, type Rootfs } from './rootfs.js'
import { obtainTestModule } from './test-module.js'

/** Paths of all that a guest is started from. */
export interface GuestImages {
  readonly kernel: string
  /** The initramfs with the payload: agent and addon. */
  readonly initramfs: string
  /** The initramfs without it, enough to see whether an accelerator works. */
  readonly probeInitramfs: string
  readonly rootfs: string
  readonly modules: string
  /** fctorture.ko, and nfsd.ko if it is not the kernel's own: what a guest that was saved before finds on its last disk. */
  readonly underTest: string
  /** What the kernel's profile adds to its command line. */
  readonly kernelParameters: string
  /** Whether fctorture.ko knows the layout of struct nfsd_file; else the guest must find it out. */
  readonly knowsLayout: boolean
  /** Hashes of what the guest is made of, for run.json. */
  readonly hashes: Readonly<Record<string, string>>
}

/** Paths of all that a deterministic guest is started from. */
export interface RamImages extends Pick<
  GuestImages,
  'kernel' | 'kernelParameters' | 'knowsLayout' | 'hashes'
> {
  /** With the root file system and what is under test. */
  readonly initramfs: string
}

/** What images are made of. */
export interface GuestParts {
  readonly kernel: Kernel
  readonly rootfs: Rootfs
  /** Files for the guest's /fct. */
  readonly payload: Files
  /** fctorture.ko, and nfsd.ko if it is not the kernel's own. */
  readonly underTest: Files
  /** As in GuestImages. */
  readonly common: Pick<GuestImages, 'kernelParameters' | 'knowsLayout' | 'hashes'>
}

/** What is ours and changes with our sources; it travels in the initramfs, so that the root file system can stay. */
const built = {
  agent: join(packageRoot, 'dist', 'agent.cjs'),
  addon: addonFile(),
  start: join(packageRoot, 'vms', 'guest', 'start'),
}

/**
 * Builds or finds everything a guest of this kernel is started from.
 *
 * @param extras Files for the guest's /fct, by name; one of ours may be replaced.
 */
export async function obtainGuestImages(
  underTest: KernelUnderTest,
  context: BuildContext,
  extras: Files = {},
): Promise<GuestImages> {
  const parts = await obtainParts(underTest, context, extras)
  const { kernel, rootfs, common } = parts
  const probeInitramfs = await obtainInitramfs(kernel, context)
  const modules = await obtainModulesImage(kernel, context)
  return {
    kernel: kernel.image,
    initramfs: await obtainPayload(probeInitramfs, parts.payload, context),
    probeInitramfs,
    rootfs: rootfs.image,
    modules,
    underTest: await obtainUnderTest(parts.underTest, context),
    ...common,
  }
}

/** The same for a guest that has no disk. */
export async function obtainRamImages(underTest: KernelUnderTest, context: BuildContext): Promise<RamImages> {
  const parts = await obtainParts(underTest, context, {})
  const initramfs = await obtainRamInitramfs(parts, context)
  return { kernel: parts.kernel.image, initramfs, ...parts.common }
}

async function obtainParts(
  { kernel, nfsd, nfsdSource, profile, hash }: KernelUnderTest,
  context: BuildContext,
  extras: Files,
): Promise<GuestParts> {
  requireBuilt()
  const rootfs = await obtainRootfs(context)
  const module = await obtainTestModule({ kernel, nfsdSource }, context)
  return {
    kernel,
    rootfs,
    payload: { 'agent.cjs': built.agent, 'fctorture.node': built.addon, start: built.start, ...extras },
    underTest: { 'fctorture.ko': module, ...(nfsd && { 'nfsd.ko': nfsd.path }) },
    common: {
      kernelParameters: profile.kernelParameters,
      knowsLayout: nfsdSource !== undefined,
      hashes: {
        kernel: hash,
        rootfs: rootfs.hash,
        module: hashOfFile(module),
        agent: hashOfFile(built.agent),
        addon: hashOfFile(built.addon),
      },
    },
  }
}

function requireBuilt(): void {
  const missing = Object.values(built).filter((path) => !existsSync(path))
  if (missing.length === 0) return
  throw new FctError(
    'FCT_NOT_BUILT',
    'fctorture is not built',
    `Missing: ${missing.join(', ')}\nnpx fctorture setup builds it.`,
  )
}

/** The kernel unpacks archives that follow each other, so the payload is simply appended. */
async function obtainPayload(initramfs: string, files: Files, context: BuildContext): Promise<string> {
  const hashes = hashesOf({ initramfs, ...files })
  const build = async (into: string): Promise<void> => {
    await copyAll(files, join(into, 'tree', 'fct'))
    await archive(join(into, 'tree'), join(into, 'payload.cpio'))
    const parts = await Promise.all([readFile(initramfs), readFile(join(into, 'payload.cpio'))])
    await writeFile(join(into, 'initramfs.cpio'), Buffer.concat(parts))
    await rm(join(into, 'tree'), { recursive: true })
    await rm(join(into, 'payload.cpio'))
  }
  const folder = await obtain(
    { kind: 'payload', inputs: { recipe: 1, hashes }, title: 'guest payload', build },
    context,
  )
  return join(folder, 'initramfs.cpio')
}

/** Of one size whatever is in it, because a guest that was saved with one image goes on with another. */
async function obtainUnderTest(files: Files, context: BuildContext): Promise<string> {
  const build = async (into: string): Promise<void> => {
    const [tree, image] = [join(into, 'tree'), join(into, 'modules.erofs')]
    await copyAll(files, tree)
    await makeErofs(image, tree)
    await rm(tree, { recursive: true })
    const { size } = await stat(image)
    if (size > underTestBytes)
      throw new FctError('FCT_IMAGE_FAILED', `nfsd.ko and fctorture.ko take ${String(size)} bytes`)
    await truncate(image, underTestBytes)
  }
  const inputs = { recipe: 1, hashes: hashesOf(files) }
  const folder = await obtain({ kind: 'under-test', inputs, title: 'modules under test', build }, context)
  return join(folder, 'modules.erofs')
}

const underTestBytes = 128 * 1024 * 1024

/** Paths on this host, by their names for the guest. */
export type Files = Readonly<Record<string, string>>

function hashesOf(files: Files): string[][] {
  return Object.entries(files).map(([name, path]) => [name, hashOfFile(path)])
}

async function copyAll(files: Files, into: string): Promise<void> {
  await mkdir(into, { recursive: true })
  for (const [name, path] of Object.entries(files)) await copyFile(path, join(into, name))
}
