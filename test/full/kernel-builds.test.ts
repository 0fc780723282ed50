import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { configureKernel } from '../../vms/kernels/full-build.js'
import type { Kernel, KernelSource } from '../../vms/kernels/kernel.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { obtainNfsdModule } from '../../vms/kernels/nfsd-module.js'
import { configsOf, findProfile, type ProfileName } from '../../vms/kernels/profiles.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { readRegressions } from '../../vms/regressions/regressions.js'
import { moduleArguments, obtainTestModule } from '../../vms/test-module.js'
import { obtainToolchain } from '../../vms/toolchain.js'
import { borrowCache, inCache } from '../borrowed-cache.js'
import { quietContext } from '../stock-kernel.js'

const kernels = ['debian:5.10.218', 'debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3']
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-builds-'))
})

afterEach(() => rm(folder, { recursive: true }))

async function obtain(name: string): Promise<{ kernel: Kernel; source: KernelSource }> {
  const { kernel } = await obtainKernel({ name, patches: [], profile: 'stock' }, quietContext)
  if (kernel.source === undefined) throw new Error(`${name} has a source`)
  return { kernel, source: kernel.source }
}

it.each(kernels)('fctorture.ko builds for %s without a warning at W=1', async (name) => {
  const { kernel, source } = await obtain(name)
  const nfsd = await obtainNfsdModule({ kernel, source, patches: { patches: [], leftOut: [] } }, quietContext)
  const copy = join(folder, 'kmod')
  await cp(join(packageRoot, 'kmod'), copy, { recursive: true })
  const toolchain = await obtainToolchain(kernel.toolchain, quietContext)
  const failure = { code: 'FCT_MODULE_BUILD', doing: 'building with every warning on' } as const
  const place = { cwd: copy, writable: [folder], readable: [kernel.headers] }
  const args = ['W=1', 'KCFLAGS=-Werror', ...moduleArguments({ kernel, nfsdSource: nfsd.source })]
  await toolchain.run('make', args, failure, place, { signal: quietContext.signal })
  expect(await readdir(copy)).toContain('fctorture.ko')
})

it('nfsd.ko and fctorture.ko are the same, byte for byte, wherever they are built', async () => {
  const { kernel, source } = await obtain('debian:6.1')
  const homes = ['one', 'another'].map((name) => join(folder, name))
  for (const home of homes) await borrowCache(home)
  const build = async (): Promise<Buffer[]> => {
    const patches = { patches: [], leftOut: [] }
    const nfsd = await obtainNfsdModule({ kernel, source, patches }, quietContext)
    const module = await obtainTestModule({ kernel, nfsdSource: nfsd.source }, quietContext)
    return Promise.all([nfsd.path, module].map((path) => readFile(path)))
  }
  const [one, another] = [await inCache(homes[0]!, build), await inCache(homes[1]!, build)]
  expect(one.map((module) => module.length > 50_000)).toEqual([true, true])
  expect(one.map((module, index) => module.equals(another[index]!))).toEqual([true, true])
})

describe.each(kernels)('every line of the configuration takes effect on %s', (name) => {
  // gcc-10 of bullseye cannot build KCSAN (it needs 11), and 5.10's Kconfig says so.
  const profiles: ProfileName[] = name.startsWith('debian:5.10')
    ? ['stock', 'kasan']
    : ['stock', 'kasan', 'kcsan']
  it.each(profiles)('with profile %s', async (profile) => {
    const { kernel, source } = await obtain(name)
    const tree = join(folder, 'tree')
    await source.exportAll(tree, quietContext)
    await mkdir(join(folder, 'objects'))
    const toolchain = await obtainToolchain(kernel.toolchain, quietContext)
    const configs = configsOf(findProfile(profile))
    const build = {
      source: tree,
      configs,
      localVersion: '-fct.test',
      toolchain,
      into: folder,
      logName: 'test-configuration',
    }
    await configureKernel(build, join(folder, 'objects'), quietContext)
    expect(await readFile(join(folder, 'objects', '.config'), 'utf8')).toContain('CONFIG_NFSD=m\n')
  })
})

it.each(['6.12', '7.3'])('nfsd.ko of %s builds with each of its regressions', async (series) => {
  const { kernel, source } = await obtain(`debian:${series}`)
  const paths = (await readRegressions()).flatMap(({ patches }) => patches.get(series) ?? [])
  expect(paths.length).toBeGreaterThan(0)
  for (const path of paths) {
    const patches = await readPatches([path])
    await obtainNfsdModule({ kernel, source, patches }, quietContext)
  }
})
