import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { cacheFolder } from '../../harness/folders.js'
import { apt, aptCache, createAptRoot, type AptRoot } from '../apt-root.js'
import { hashOf, obtain, type BuildContext } from '../cache.js'
import { runProgram } from '../program.js'
import type { CatalogueEntry } from './catalogue.js'

/** A kernel on this machine's disk, ready to boot and to build modules for. */
export interface Kernel {
  /** As the user named it: `debian:6.1`. */
  readonly name: string
  /** `uname -r`. */
  readonly release: string
  /** Hash of all that makes this kernel what it is. */
  readonly hash: string
  /** Debian packages with versions, as they were unpacked. */
  readonly packages: readonly string[]
  readonly image: string
  /** The `/lib/modules/RELEASE` folder, with modules.dep. */
  readonly modules: string
  /** What `make -C` takes to build a module. */
  readonly headers: string
  readonly config: string
}

/** The packages that make a kernel have these names; their other dependencies (compilers, boot loaders) are the host's matter. */
const kernelPackage = /^linux-(image|headers|kbuild|compiler|binary|modules|base)-/

/** Image and headers of a catalogue entry from Debian's archive, downloaded once. */
export async function obtainDebianKernel(entry: CatalogueEntry, context: BuildContext): Promise<Kernel> {
  const packages = await resolvePackages(entry, context)
  const inputs = { provider: 'debian', recipe: 1, packages }
  const folder = await obtain(
    {
      kind: 'kernel',
      inputs,
      title: `kernel ${entry.name} (${packages.length} packages)`,
      build: (into, signal) => unpackKernel(entry, packages, into, signal),
    },
    context,
  )
  return describeKernel(entry.name, hashOf(inputs), packages, folder)
}

/**
 * "name=version" of every package. Asked of the archive once and then remembered, so that a kernel stays the
 * same kernel from run to run; removing the file below `resolved/` asks again.
 */
async function resolvePackages(entry: CatalogueEntry, context: BuildContext): Promise<string[]> {
  const memory = join(cacheFolder(), 'resolved', `${hashOf(entry)}.json`)
  if (existsSync(memory)) return JSON.parse(await readFile(memory, 'utf8')) as string[]
  const done = context.announce(`package lists of ${entry.suites.join(', ')}`)
  try {
    const packages = await withAptRoot(entry, context.signal, (root) => askArchive(root, entry))
    await mkdir(join(cacheFolder(), 'resolved'), { recursive: true })
    await writeFile(`${memory}.partial`, JSON.stringify(packages))
    await rename(`${memory}.partial`, memory)
    return packages
  } finally {
    done()
  }
}

async function withAptRoot<T>(
  entry: CatalogueEntry,
  signal: AbortSignal,
  use: (root: AptRoot) => Promise<T>,
): Promise<T> {
  const folder = join(cacheFolder(), 'apt', `${hashOf(entry)}-${String(process.pid)}`)
  try {
    return await use(await createAptRoot(folder, entry, signal))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function askArchive(root: AptRoot, entry: CatalogueEntry): Promise<string[]> {
  const dependencies = await aptCache(
    root,
    ['depends', '--recurse', '--important', '--no-suggests', '--no-conflicts', entry.image, entry.headers],
    `resolving ${entry.image} and ${entry.headers}`,
  )
  const names = dependencies.split('\n').filter((line) => kernelPackage.test(line))
  const policy = await aptCache(
    root,
    ['show', '--no-all-versions', ...new Set(names)],
    'reading package versions',
  )
  return parseVersions(policy).sort()
}

/** "name=version" for each stanza that is a real package and not an empty meta package. */
export function parseVersions(show: string): string[] {
  return show
    .split('\n\n')
    .map((stanza) => ({
      name: /^Package: (.+)$/m.exec(stanza)?.[1],
      version: /^Version: (.+)$/m.exec(stanza)?.[1],
      isMeta: /^Package: linux-(image|headers)-(amd64|cloud-amd64|rt-amd64)$/m.test(stanza),
    }))
    .filter(({ name, isMeta }) => name !== undefined && !isMeta)
    .map(({ name, version }) => `${name ?? ''}=${version ?? ''}`)
}

async function unpackKernel(
  entry: CatalogueEntry,
  packages: readonly string[],
  into: string,
  signal: AbortSignal,
): Promise<void> {
  const debs = join(into, 'debs')
  await mkdir(debs)
  await withAptRoot(entry, signal, (root) =>
    apt(root, ['-qq', 'download', ...packages], `downloading ${entry.name}`, debs),
  )
  for (const deb of await readdir(debs)) {
    const failure = { code: 'FCT_KERNEL_UNPACK', doing: `unpacking ${deb}` } as const
    await runProgram('dpkg-deb', ['-x', join(debs, deb), into], failure, { signal })
  }
  await rm(debs, { recursive: true })
  const release = await findRelease(into)
  await makeHeadersRelocatable(into, release)
  await runProgram('depmod', ['-b', into, release], {
    code: 'FCT_KERNEL_UNPACK',
    doing: 'indexing the modules',
  })
}

async function findRelease(folder: string): Promise<string> {
  const [release] = await readdir(join(folder, 'lib', 'modules'))
  if (release === undefined)
    throw new FctError('FCT_KERNEL_NO_MODULES', 'the kernel packages hold no modules')
  return release
}

/** The headers' Makefile names the common headers by their installed path; ours stand elsewhere. */
async function makeHeadersRelocatable(folder: string, release: string): Promise<void> {
  const makefile = join(folder, 'usr', 'src', `linux-headers-${release}`, 'Makefile')
  const text = await readFile(makefile, 'utf8')
  const here = '$(dir $(realpath $(lastword $(MAKEFILE_LIST))))'
  await writeFile(makefile, text.replaceAll('include /usr/src/', `include ${here}../`))
}

async function describeKernel(
  name: string,
  hash: string,
  packages: readonly string[],
  folder: string,
): Promise<Kernel> {
  const release = await findRelease(folder)
  return {
    name,
    release,
    hash,
    packages,
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib', 'modules', release),
    headers: join(folder, 'usr', 'src', `linux-headers-${release}`),
    config: join(folder, 'boot', `config-${release}`),
  }
}
