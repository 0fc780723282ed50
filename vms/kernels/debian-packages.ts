import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { cacheFolder } from '../../harness/folders.js'
import { apt, aptCache, createAptRoot, type AptRoot } from '../apt-root.js'
import { hashOf, type BuildContext } from '../cache.js'
import type { CatalogueEntry } from './catalogue.js'

/** The packages that make a kernel have these names; their other dependencies (compilers, boot loaders) are the host's matter. */
const kernelPackage = /^linux-(image|headers|kbuild|compiler|binary|modules|base)-/
const unsigned = /-unsigned$/

/**
 * "name=version" of every package of a kernel. Asked of the archive once and then remembered, so that a kernel stays the
 * same kernel from run to run; removing the file below `resolved/` asks again.
 */
export async function resolvePackages(entry: CatalogueEntry, context: BuildContext): Promise<string[]> {
  const memory = memoryOf(entry)
  if (existsSync(memory)) return JSON.parse(await readFile(memory, 'utf8')) as string[]
  const done = context.announce(`package lists of ${entry.suites.join(', ')}`)
  try {
    const packages = await withAptRoot(entry, context, (root) => askArchive(root, entry))
    await mkdir(join(cacheFolder(), 'resolved'), { recursive: true })
    await writeFile(`${memory}.partial`, JSON.stringify(packages))
    await rename(`${memory}.partial`, memory)
    return packages
  } finally {
    done()
  }
}

/**
 * Gives `use` the packages of a kernel. If it fails because the archive has no longer what is remembered (it keeps the tools of the
 * newest version only), the archive is asked again.
 */
export async function usePackages<T>(
  entry: CatalogueEntry,
  context: BuildContext,
  use: (packages: readonly string[]) => Promise<T>,
): Promise<T> {
  const isRemembered = existsSync(memoryOf(entry))
  const packages = await resolvePackages(entry, context)
  try {
    return await use(packages)
  } catch (error) {
    if (!isRemembered || !(error instanceof FctError && error.code === 'FCT_KERNEL_GONE')) throw error
    context.announce(`what was known of ${entry.name} is no longer in the archive`)()
    await rm(memoryOf(entry), { force: true })
    return await use(await resolvePackages(entry, context))
  }
}

/** What `resolvePackages` remembers, without asking anybody. */
export async function recallPackages(entry: CatalogueEntry): Promise<string[] | undefined> {
  const memory = memoryOf(entry)
  return existsSync(memory) ? (JSON.parse(await readFile(memory, 'utf8')) as string[]) : undefined
}

function memoryOf({ name, suites, securitySuites, image, headers }: CatalogueEntry): string {
  return join(cacheFolder(), 'resolved', `${hashOf({ name, suites, securitySuites, image, headers })}.json`)
}

/**
 * Downloads packages into `folder`.
 *
 * @throws FctError FCT_KERNEL_GONE if the archive has one of them no longer in this version; FCT_APT_FAILED
 */
export async function downloadPackages(
  entry: CatalogueEntry,
  packages: readonly string[],
  folder: string,
  context: BuildContext,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await withAptRoot(entry, context, (root) =>
    apt(root, ['-qq', 'download', ...packages], `downloading ${packages.join(', ')}`, folder),
  ).catch((error: unknown) => {
    throw asGone(entry, error)
  })
}

/** apt-get was asked for a version that the archive has no longer; or what has failed, if it is something else. */
function asGone(entry: CatalogueEntry, error: unknown): unknown {
  const detail = error instanceof FctError ? error.detail : ''
  if (!/^E: Version '.*' for '.*' was not found$/m.test(detail)) return error
  return new FctError(
    'FCT_KERNEL_GONE',
    `Debian's archive has no longer what ${entry.name} was when it was first asked for`,
    `${detail}\nWithout ${memoryOf(entry)} it is asked again.`,
    { cause: error },
  )
}

async function withAptRoot<T>(
  entry: CatalogueEntry,
  context: BuildContext,
  use: (root: AptRoot) => Promise<T>,
): Promise<T> {
  const folder = join(cacheFolder(), 'apt', `${hashOf(entry)}-${String(process.pid)}`)
  try {
    return await use(await createAptRoot(folder, entry, context))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function askArchive(root: AptRoot, entry: CatalogueEntry): Promise<string[]> {
  const wanted = [entry.image, entry.headers]
  const onlyHard = ['--important', '--no-suggests', '--no-conflicts']
  const dependencies = await aptCache(
    root,
    ['depends', '--recurse', ...onlyHard, ...wanted],
    `resolving ${wanted.join(' and ')}`,
  )
  const names = dependencies.split('\n').filter((line) => kernelPackage.test(line) && !unsigned.test(line))
  const versions = await aptCache(
    root,
    ['show', '--no-all-versions', ...new Set(names)],
    'reading package versions',
  )
  return parseVersions(versions).sort()
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
