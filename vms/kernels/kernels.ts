import { readFile } from 'node:fs/promises'
import { FctError } from '../../harness/fct-error.js'
import { hashOf, type BuildContext } from '../cache.js'
import { onlyNfsd } from '../patches/only-nfsd.js'
import { describeOrigin, type PatchSet } from '../patches/patch.js'
import { readPatches } from '../patches/read-patches.js'
import { obtainBuiltKernel } from './built-kernel.js'
import { chooseWay, type Way } from './choose-way.js'
import { obtainDebianKernel } from './debian-kernel.js'
import { obtainImageKernel } from './image-kernel.js'
import { readKernelName, type KernelName } from './kernel-name.js'
import type { Kernel, KernelSource } from './kernel.js'
import { obtainNfsdModule, type NfsdModule } from './nfsd-module.js'
import { obtainNfsdSource } from './nfsd-source.js'
import { findProfile, type Profile, type ProfileName } from './profiles.js'
import { openTreeSource, type TreeSource } from './tree-source.js'
import { hostToolchain } from '../toolchain.js'

/** What a user asks for. */
export interface KernelRequest {
  /** `debian:6.1`, `tree:PATH[@REV]`, `image:PATH`, `host` */
  readonly name: string
  /** Files and folders, for `readPatches`. */
  readonly patches: readonly string[]
  readonly profile: ProfileName
}

/** A kernel with its patches and its profile, built. */
export interface KernelUnderTest {
  readonly kernel: Kernel
  readonly profile: Profile
  /** Where each patch came from, for people. */
  readonly patches: readonly string[]
  /** Hash of all that makes it what it is: provider, packages or commit, patches, configuration, compiler. */
  readonly hash: string
  readonly way: Way
  /** Takes the place of the kernel's own nfsd.ko. */
  readonly nfsd: NfsdModule | undefined
  /** Tree of the nfsd that will run, where its layout cannot be read from the running kernel. */
  readonly nfsdSource: string | undefined
}

const noPatches: PatchSet = { patches: [], leftOut: [] }

/**
 * The one place where a kernel's name is given to its provider, and where is decided what has to be built.
 *
 * @throws UsageError FCT_KERNEL_UNKNOWN; FctError FCT_APT_*, FCT_KERNEL_*, FCT_NFSD_BUILD, FCT_PATCH_*, FCT_TREE_*, FCT_IMAGE_*
 */
export async function obtainKernel(request: KernelRequest, context: BuildContext): Promise<KernelUnderTest> {
  const name = readKernelName(request.name)
  const profile = findProfile(request.profile)
  const patches = request.patches.length === 0 ? noPatches : await readPatches(request.patches)
  const way = chooseWay({ provider: name.provider, profile, patches })
  const tree = name.provider === 'tree' ? await openTreeSource(name.name, context.signal) : undefined
  try {
    const kernel = await obtainBase({ name, profile, way, patches, tree }, context)
    const nfsd = await obtainNfsd({ kernel, way, patches, tree }, context)
    return {
      kernel,
      profile,
      patches: patches.patches.map(({ origin }) => describeOrigin(origin)),
      hash: hashOf([kernel.hash, nfsd?.hash, profile.kernelParameters]),
      way,
      nfsd,
      nfsdSource: nfsd?.source ?? (await findLayout(kernel, context)),
    }
  } finally {
    await tree?.close()
  }
}

interface Assembly {
  readonly name: KernelName
  readonly profile: Profile
  readonly way: Way
  readonly patches: PatchSet
  readonly tree: TreeSource | undefined
}

/** The kernel itself, with the patches that nfsd.ko alone cannot take. */
async function obtainBase(
  { name, profile, way, patches, tree }: Assembly,
  context: BuildContext,
): Promise<Kernel> {
  if (name.provider === 'image') return obtainImageKernel(name.name, context)
  const inKernel = onlyNfsd(patches) ? noPatches : patches
  if (tree !== undefined) {
    const build = {
      name: tree.name,
      // What is not rebuilt apart must count in the kernel's identity.
      source: way.nfsd === 'as built' ? tree.nfsd : tree.base,
      toolchain: hostToolchain(),
      profile,
      patches: inKernel,
    }
    return obtainBuiltKernel(build, context)
  }
  if (name.provider !== 'debian') throw new TypeError('a tree is open where its name is')
  const packaged = await obtainDebianKernel(name.entry, context)
  if (way.kernel === 'package') return packaged
  const source = requireSource(packaged)
  return obtainBuiltKernel(
    { name: packaged.name, source, toolchain: packaged.toolchain, profile, patches: inKernel },
    context,
  )
}

async function obtainNfsd(
  { kernel, way, patches, tree }: Omit<Assembly, 'name' | 'profile'> & { kernel: Kernel },
  context: BuildContext,
): Promise<NfsdModule | undefined> {
  if (way.nfsd === 'as built') return undefined
  const source = tree?.nfsd ?? requireSource(kernel)
  return obtainNfsdModule({ kernel, source, patches: onlyNfsd(patches) ? patches : noPatches }, context)
}

function requireSource({ name, source }: Kernel): KernelSource {
  if (source !== undefined) return source
  throw new FctError(
    'FCT_KERNEL_NO_SOURCE',
    `${name}: the source that it was built from is not known, so that nfsd.ko cannot be built for it`,
    'Name the tree itself: tree:PATH',
  )
}

/**
 * A running kernel with BTF for its modules tells the layout of struct nfsd_file itself; for any other it is read from the
 * source. Without either nobody knows it: the run is INCONCLUSIVE.
 */
async function findLayout(kernel: Kernel, context: BuildContext): Promise<string | undefined> {
  const config = await readFile(kernel.config, 'utf8')
  if (/^CONFIG_DEBUG_INFO_BTF_MODULES=y$/m.test(config)) return undefined
  return kernel.source && obtainNfsdSource(kernel.source, context)
}
