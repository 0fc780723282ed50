import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { cacheFolder } from '../../harness/folders.js'
import type { BuildContext } from '../cache.js'
import { runProgram } from '../program.js'
import type { Toolchain } from '../toolchain.js'
import { explainBuild, logPath } from './build-failure.js'
import { checkConfig, formatConfig, readFragments } from './config-check.js'
import { packHeaders } from './pack-headers.js'

/** A kernel to be configured and built whole. */
export interface FullBuild {
  /** A clean tree, not written to; below `into`, so that ccache knows its files again under another path. */
  readonly source: string
  /** Kconfig fragments, a later one before an earlier one. */
  readonly configs: readonly string[]
  /** End of the release: `-fct.1a2b3c4d`. */
  readonly localVersion: string
  readonly toolchain: Toolchain
  /** Gets boot/, lib/modules/ and usr/src/, as a package would have them. */
  readonly into: string
  /** Of the log, which outlives a failure: `logs/NAME.log` in the cache. */
  readonly logName: string
}

const ccacheSize = '5G'

/**
 * Builds image, modules and headers. Objects come from ccache where an equal source was compiled before.
 *
 * @throws FctError FCT_KERNEL_CONFIG, FCT_KERNEL_BUILD with the first error and the log's path
 */
export async function buildFullKernel(build: FullBuild, context: BuildContext): Promise<void> {
  const objects = join(build.into, 'objects')
  await mkdir(objects)
  await writeFile(await logPath(build.logName), '')
  await configureKernel(build, objects, context)
  await make(build, objects, ['bzImage', 'modules'], context)
  await install(build, objects, context)
  await rm(objects, { recursive: true })
}

/** Everything that the fragments do not ask for is off. */
export async function configureKernel(
  build: FullBuild,
  objects: string,
  context: BuildContext,
): Promise<void> {
  const fragments = build.configs.map(async (path) => ({
    name: basename(path),
    text: await readFile(path, 'utf8'),
  }))
  const lines = readFragments(await Promise.all(fragments))
  const wanted = join(objects, 'wanted.config')
  await writeFile(wanted, formatConfig(lines))
  await make(build, objects, [`KCONFIG_ALLCONFIG=${wanted}`, 'allnoconfig'], context)
  const known = await knownSymbols(build.source, context.signal)
  checkConfig(lines, await readFile(join(objects, '.config'), 'utf8'), (symbol) => known.has(symbol))
}

/** Every symbol that a Kconfig file of the tree defines. */
async function knownSymbols(source: string, signal: AbortSignal): Promise<Set<string>> {
  const failure = { code: 'FCT_KERNEL_CONFIG', doing: 'looking for Kconfig symbols' } as const
  const pattern = String.raw`^\s*(menu)?config \w+`
  const args = ['-rhEo', '--include=Kconfig*', pattern, source]
  const text = await runProgram('grep', args, failure, { signal })
  return new Set(text.split('\n').map((line) => line.trim().split(' ')[1] ?? ''))
}

async function make(
  build: FullBuild,
  objects: string,
  targets: readonly string[],
  { signal }: BuildContext,
): Promise<void> {
  const log = await logPath(build.logName)
  await mkdir(join(cacheFolder(), 'ccache'), { recursive: true })
  const failure = {
    code: 'FCT_KERNEL_BUILD',
    doing: `building a kernel (make ${targets.at(-1) ?? ''})`,
  } as const
  const place = {
    cwd: build.source,
    readable: [build.source],
    writable: [build.into, join(cacheFolder(), 'ccache')],
    env: buildEnvironment(build),
  }
  const output = {
    all: false,
    buffer: false,
    stdout: { file: log, append: true },
    stderr: { file: log, append: true },
  } as const
  try {
    await build.toolchain.run('make', makeArguments(build, objects, targets), failure, place, {
      signal,
      ...output,
    })
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_KERNEL_BUILD') throw error
    throw explainBuild(error, await readFile(log, 'utf8'), log)
  }
}

function makeArguments(
  { source, toolchain, localVersion }: FullBuild,
  objects: string,
  targets: readonly string[],
): string[] {
  return [
    ...[
      '-C',
      source,
      `O=${objects}`,
      `-j${String(cpus().length)}`,
      `CC=ccache ${toolchain.compiler}`,
      `HOSTCC=${toolchain.compiler}`,
    ],
    ...[`LOCALVERSION=${localVersion}`, ...targets],
  ]
}

/** Equal sources give equal objects wherever they lie, so that ccache finds them again. */
function buildEnvironment({ into, toolchain }: FullBuild): Record<string, string> {
  return {
    CCACHE_DIR: join(cacheFolder(), 'ccache'),
    CCACHE_MAXSIZE: ccacheSize,
    CCACHE_BASEDIR: into,
    CCACHE_NOHASHDIR: '1',
    CCACHE_COMPILERCHECK: `string:${toolchain.version}`,
    // Includes are known from the compiler's own list of them: nothing is preprocessed twice.
    CCACHE_DEPEND: '1',
    KBUILD_BUILD_TIMESTAMP: '2026-01-01',
    KBUILD_BUILD_USER: 'fctorture',
    KBUILD_BUILD_HOST: 'fctorture',
  }
}

async function install(build: FullBuild, objects: string, context: BuildContext): Promise<void> {
  const { into } = build
  const modules = [`INSTALL_MOD_PATH=${into}`, 'INSTALL_MOD_STRIP=1', 'modules_install']
  await make(build, objects, modules, context)
  const release = (await readFile(join(objects, 'include', 'config', 'kernel.release'), 'utf8')).trim()
  for (const link of ['build', 'source'])
    await rm(join(into, 'lib', 'modules', release, link), { force: true })
  const boot = join(into, 'boot')
  await mkdir(boot)
  await cp(join(objects, 'arch', 'x86', 'boot', 'bzImage'), join(boot, `vmlinuz-${release}`))
  await cp(join(objects, '.config'), join(boot, `config-${release}`))
  await cp(join(objects, 'System.map'), join(boot, `System.map-${release}`))
  await packHeaders(
    build.source,
    objects,
    join(into, 'usr', 'src', `linux-headers-${release}`),
    context.signal,
  )
}
