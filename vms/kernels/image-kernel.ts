import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, realpath, rm } from 'node:fs/promises'
import { homedir, release as runningRelease } from 'node:os'
import { join } from 'node:path'
import { hashOf, hashOfFile, obtain, type BuildContext } from '../cache.js'
import { runProgram } from '../program.js'
import { hostToolchain } from '../toolchain.js'
import { findImageParts, type ImageParts } from './boot-image.js'
import { createFolderSource } from './folder-source.js'
import type { Kernel, KernelSource } from './kernel.js'
import { partsOf } from './parts.js'

/**
 * A kernel that the user built or installed: `image:PATH`, or `host` for the one that runs here. Image and modules are copied,
 * so that a run goes on with what it began with.
 */
export async function obtainImageKernel(name: string, context: BuildContext): Promise<Kernel> {
  const parts = await findImageParts(pathOf(name))
  const inputs = { provider: 'image', recipe: 1, ...identify(parts) }
  const folder = await obtain(
    {
      kind: 'kernel',
      inputs,
      title: `kernel ${name}`,
      build: (into, signal) => copyKernel(parts, into, signal),
    },
    context,
  )
  const { release, headers } = parts
  const packages = [`${parts.image} (${inputs.image})`]
  const source = await findSource(headers)
  return {
    ...partsOf(folder, release),
    name,
    release,
    hash: hashOf(inputs),
    packages,
    headers,
    toolchain: hostToolchain(),
    source,
  }
}

function pathOf(name: string): string {
  if (name === 'host') return `/boot/vmlinuz-${runningRelease()}`
  return name.slice('image:'.length).replace(/^~(?=\/)/, homedir())
}

/** The image says which kernel it is; symbols and configuration say what a module must fit to. */
function identify({ image, config, headers }: ImageParts): Record<'image' | 'config' | 'symbols', string> {
  const symbols = join(headers, 'Module.symvers')
  return {
    image: hashOfFile(image),
    config: hashOfFile(config),
    symbols: existsSync(symbols) ? hashOfFile(symbols) : '',
  }
}

async function copyKernel(parts: ImageParts, into: string, signal: AbortSignal): Promise<void> {
  const { release, image, config, modules, headers } = parts
  await mkdir(join(into, 'boot'))
  await cp(image, join(into, 'boot', `vmlinuz-${release}`))
  await cp(config, join(into, 'boot', `config-${release}`))
  const target = join(into, 'lib', 'modules', release)
  if (modules === undefined) {
    const failure = { code: 'FCT_IMAGE_NO_MODULES', doing: `installing the modules of ${headers}` } as const
    const args = ['-C', headers, `INSTALL_MOD_PATH=${into}`, 'INSTALL_MOD_STRIP=1', 'modules_install']
    await runProgram('make', args, failure, { signal })
  } else {
    await cp(modules, target, { recursive: true, filter: (path) => !/\/(build|source)$/.test(path) })
    const failure = { code: 'FCT_IMAGE_NO_MODULES', doing: 'indexing the modules' } as const
    await runProgram('depmod', ['-b', into, release], failure, { signal })
  }
  for (const link of ['build', 'source']) await rm(join(target, link), { force: true })
}

/** The tree that a build tree was made from, if it is still there. */
async function findSource(headers: string): Promise<KernelSource | undefined> {
  for (const tree of [join(headers, 'source'), headers]) {
    if (!existsSync(join(tree, 'fs', 'nfsd', 'filecache.c'))) continue
    const folder = await realpath(tree)
    return createFolderSource(folder, await hashNfsd(join(folder, 'fs', 'nfsd')), folder)
  }
  return undefined
}

async function hashNfsd(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.[ch]$|^(Makefile|Kconfig)$/.test(name)).sort()
  return hashOf(names.map((name) => [name, hashOfFile(join(folder, name))]))
}
