import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { hashOf, obtain, type BuildContext } from '../cache.js'
import { runProgram } from '../program.js'
import type { CatalogueEntry } from './catalogue.js'
import { downloadPackages, usePackages } from './debian-packages.js'
import { createDebianSource } from './debian-source.js'
import type { Kernel } from './kernel.js'
import { partsOf } from './parts.js'

/** Image and headers of a catalogue entry from Debian's archive, downloaded once; the source only when somebody asks for it. */
export async function obtainDebianKernel(entry: CatalogueEntry, context: BuildContext): Promise<Kernel> {
  return usePackages(entry, context, (packages) => obtainPackages(entry, packages, context))
}

async function obtainPackages(
  entry: CatalogueEntry,
  packages: readonly string[],
  context: BuildContext,
): Promise<Kernel> {
  const inputs = recipeInputs(packages)
  const folder = await obtain(
    {
      kind: 'kernel',
      inputs,
      title: `kernel ${entry.name} (${packages.length} packages)`,
      build: (into, signal) => unpackKernel(entry, packages, into, { ...context, signal }),
    },
    context,
  )
  const release = await findRelease(folder)
  const kernel = { name: entry.name, release, hash: hashOf(inputs), packages, ...partsOf(folder, release) }
  const compiler = await readCompiler(kernel.config)
  const toolchain = { suite: entry.suites[0] ?? '', compiler }
  return { ...kernel, toolchain, source: createDebianSource(entry, packages) }
}

/** What decides about the cache's entry of a kernel. */
export function recipeInputs(packages: readonly string[]): object {
  return { provider: 'debian', recipe: 2, packages }
}

async function unpackKernel(
  entry: CatalogueEntry,
  packages: readonly string[],
  into: string,
  context: BuildContext,
): Promise<void> {
  const { signal } = context
  const debs = join(into, 'debs')
  await downloadPackages(entry, packages, debs, context)
  for (const deb of await readdir(debs)) {
    const failure = { code: 'FCT_KERNEL_UNPACK', doing: `unpacking ${deb}` } as const
    await runProgram('dpkg-deb', ['-x', join(debs, deb), into], failure, { signal })
  }
  await rm(debs, { recursive: true })
  await layOut(into)
  const release = await findRelease(into)
  await makeHeadersRelocatable(into, release)
  const failure = { code: 'FCT_KERNEL_UNPACK', doing: 'indexing the modules' } as const
  await runProgram('depmod', ['-b', into, release], failure, { signal })
}

/** Newer packages have modules below /usr, and from 7.0 on image and configuration beside them: all get the older places. */
async function layOut(folder: string): Promise<void> {
  const merged = join(folder, 'usr', 'lib', 'modules')
  if (existsSync(merged)) await rename(merged, join(await made(join(folder, 'lib')), 'modules'))
  const release = await findRelease(folder)
  const boot = await made(join(folder, 'boot'))
  for (const name of ['vmlinuz', 'config']) {
    const path = join(folder, 'lib', 'modules', release, name)
    if (existsSync(path)) await rename(path, join(boot, `${name}-${release}`))
  }
  for (const link of ['build', 'source'])
    await rm(join(folder, 'lib', 'modules', release, link), { force: true })
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  return folder
}

async function findRelease(folder: string): Promise<string> {
  const modules = join(folder, 'lib', 'modules')
  const [release] = existsSync(modules) ? await readdir(modules) : []
  if (release !== undefined) return release
  throw new FctError('FCT_KERNEL_NO_MODULES', 'the kernel packages hold no modules')
}

/** The headers' Makefile names its own folders by their installed paths; ours stand elsewhere. */
async function makeHeadersRelocatable(folder: string, release: string): Promise<void> {
  const makefile = join(folder, 'usr', 'src', `linux-headers-${release}`, 'Makefile')
  const text = await readFile(makefile, 'utf8')
  const here = '$(dir $(realpath $(lastword $(MAKEFILE_LIST))))'
  await writeFile(makefile, text.replaceAll(/(include |KBUILD_OUTPUT=)\/usr\/src\//g, `$1${here}../`))
}

/** `gcc-12`, from CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14) 12.2.0" (5.10 and later: `x86_64-linux-gnu-gcc-14`). */
async function readCompiler(config: string): Promise<string> {
  const text = await readFile(config, 'utf8')
  const compiler = /^CONFIG_CC_VERSION_TEXT="(?:\S+-linux-gnu-)?(gcc-\d+) /m.exec(text)?.[1]
  if (compiler !== undefined) return compiler
  throw new FctError('FCT_KERNEL_CONFIG', `${config} does not say which gcc the kernel was built with`)
}
