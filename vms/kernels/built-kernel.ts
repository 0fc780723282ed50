import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hashOf, obtain, type BuildContext } from '../cache.js'
import { applyPatches } from '../patches/apply-patches.js'
import type { PatchSet } from '../patches/patch.js'
import { obtainToolchain, type Toolchain, type ToolchainSpec } from '../toolchain.js'
import { createFolderSource } from './folder-source.js'
import { buildFullKernel } from './full-build.js'
import type { Kernel, KernelSource } from './kernel.js'
import { partsOf } from './parts.js'
import { identify } from './nfsd-module.js'
import { nfsdPaths } from './nfsd-source.js'
import { configsOf, readConfigs, type Profile } from './profiles.js'

/** A kernel to be built whole. */
export interface FullBuildRequest {
  readonly name: string
  readonly source: KernelSource
  readonly patches: PatchSet
  readonly profile: Profile
  readonly toolchain: ToolchainSpec
}

/** A kernel built by us from its source, with our own small configuration. */
export async function obtainBuiltKernel(request: FullBuildRequest, context: BuildContext): Promise<Kernel> {
  const { name, source, patches, profile } = request
  const toolchain = await obtainToolchain(request.toolchain, context)
  const inputs = {
    provider: 'build',
    recipe: 2,
    source: source.hash,
    patches: identify(patches),
    configs: hashOf(readConfigs(profile)),
    compiler: toolchain.version,
  }
  const hash = hashOf(inputs)
  const folder = await obtain(
    {
      kind: 'kernel',
      inputs,
      title: `kernel ${name}, profile ${profile.name}, built from ${source.title}`,
      build: (into, signal) => buildInto(into, hash, request, toolchain, { ...context, signal }),
    },
    context,
  )
  const [release = ''] = await readdir(join(folder, 'lib', 'modules'))
  const parts = partsOf(folder, release)
  const ownSource = createFolderSource(join(folder, 'source'), hash, source.title)
  const packages = [source.title]
  return { name, release, hash, packages, ...parts, toolchain: request.toolchain, source: ownSource }
}

async function buildInto(
  into: string,
  hash: string,
  { source, patches, profile }: FullBuildRequest,
  toolchain: Toolchain,
  context: BuildContext,
): Promise<void> {
  const tree = join(into, 'tree')
  await source.exportAll(tree, context)
  await applyPatches(tree, patches)
  const build = {
    source: tree,
    configs: configsOf(profile),
    localVersion: `-fct.${hash.slice(0, 8)}`,
    toolchain,
    into,
    logName: `kernel-${hash}`,
  }
  await buildFullKernel(build, context)
  // fs/nfsd as it was built stays: to be built again with a patch, and for the layout of its structures.
  await createFolderSource(tree, hash, source.title).exportPaths(nfsdPaths, join(into, 'source'), context)
  await rm(tree, { recursive: true })
}
