import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { hashOf, obtain, type BuildContext } from '../cache.js'
import { runProgram } from '../program.js'
import type { CatalogueEntry } from './catalogue.js'
import { downloadPackages } from './debian-packages.js'
import type { KernelSource } from './kernel.js'

/** The source package of the very version that the image was built from. */
export function createDebianSource(entry: CatalogueEntry, packages: readonly string[]): KernelSource {
  const name = sourcePackage(packages)
  return {
    hash: hashOf(name),
    title: name,
    exportPaths: (paths, into, context) => unpack(entry, name, paths, into, context),
    exportAll: (into, context) => unpack(entry, name, [], into, context),
  }
}

/** "linux-source-6.1=6.1.192-2", by the version of the image package. @throws FctError FCT_KERNEL_NO_SOURCE */
export function sourcePackage(packages: readonly string[]): string {
  const image = packages.find((name) => /^linux-(image|binary)-/.test(name)) ?? ''
  const version = image.split('=')[1] ?? ''
  const series = /^\d+\.\d+/.exec(version)?.[0]
  if (series !== undefined) return `linux-source-${series}=${version}`
  throw new FctError('FCT_KERNEL_NO_SOURCE', `no source package is known for ${packages.join(', ')}`)
}

async function unpack(
  entry: CatalogueEntry,
  name: string,
  paths: readonly string[],
  into: string,
  context: BuildContext,
): Promise<void> {
  const archive = await obtainArchive(entry, name, context)
  await mkdir(into, { recursive: true })
  const failure = { code: 'FCT_KERNEL_UNPACK', doing: `unpacking ${name}` } as const
  const options = ['--extract', `--file=${archive}`, `--directory=${into}`, '--strip-components=1']
  // The tree's own folder has the package's name.
  const members = paths.length === 0 ? [] : ['--wildcards', ...paths.map((path) => `linux-source-*/${path}`)]
  await runProgram('tar', [...options, ...members], failure, { signal: context.signal }).catch(ignoreAbsent)
}

/** tar has unpacked everything else when it complains of members that are not there. */
function ignoreAbsent(error: unknown): void {
  const absent = /: Not found in archive$|: Exiting with failure status due to previous errors$/
  const isHarmless =
    error instanceof FctError &&
    error.detail !== '' &&
    error.detail.split('\n').every((line) => absent.test(line))
  if (!isHarmless) throw error
}

/** The source as the package has it: a compressed archive of the tree. */
async function obtainArchive(entry: CatalogueEntry, name: string, context: BuildContext): Promise<string> {
  const folder = await obtain(
    {
      kind: 'source',
      inputs: { recipe: 2, package: name },
      title: `source ${name}`,
      build: (into, signal) => downloadArchive(entry, name, into, { ...context, signal }),
    },
    context,
  )
  return join(folder, 'source.tar.xz')
}

async function downloadArchive(
  entry: CatalogueEntry,
  name: string,
  into: string,
  context: BuildContext,
): Promise<void> {
  const debs = join(into, 'debs')
  const failure = { code: 'FCT_KERNEL_UNPACK', doing: `unpacking ${name}` } as const
  await downloadPackages(entry, [name], debs, context)
  for (const deb of await readdir(debs))
    await runProgram('dpkg-deb', ['-x', join(debs, deb), into], failure, { signal: context.signal })
  const archive = (await readdir(join(into, 'usr', 'src'))).find((name) => name.endsWith('.tar.xz'))
  if (archive === undefined) throw new FctError('FCT_KERNEL_NO_SOURCE', `${name} holds no source archive`)
  await rename(join(into, 'usr', 'src', archive), join(into, 'source.tar.xz'))
  for (const folder of ['usr', 'debs']) await rm(join(into, folder), { recursive: true })
}
