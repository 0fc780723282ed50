import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { BuildContext } from '../../vms/cache.js'
import { buildFullKernel } from '../../vms/kernels/full-build.js'
import type { Kernel, KernelSource } from '../../vms/kernels/kernel.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { obtainNfsdModule } from '../../vms/kernels/nfsd-module.js'
import { obtainNfsdSource } from '../../vms/kernels/nfsd-source.js'
import { configsOf, findProfile } from '../../vms/kernels/profiles.js'
import type { PatchSet } from '../../vms/patches/patch.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { obtainToolchain } from '../../vms/toolchain.js'
import { borrowCache, inCache } from '../borrowed-cache.js'
import type { Measurement } from './bench.js'

const context: BuildContext = {
  announce: (title) => {
    process.stderr.write(`${title} ...\n`)
    return () => undefined
  },
  signal: new AbortController().signal,
}

/** What a change of a file costs: the whole kernel against nfsd.ko alone. */
export async function benchKernels(): Promise<Measurement[]> {
  const { kernel } = await obtainKernel({ name: 'debian:6.1', patches: [], profile: 'stock' }, context)
  const { source } = kernel
  if (source === undefined) throw new Error('debian:6.1 has no source')
  const tree = await obtainNfsdSource(source, context)
  const scratch = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const full = await benchFullBuild(kernel, source, scratch)
    return withRatios([...full, ...(await benchNfsd(kernel, source, tree, scratch))])
  } finally {
    await rm(scratch, { recursive: true })
  }
}

interface Timing {
  readonly what: string
  readonly seconds: number
}

function withRatios(timings: readonly Timing[]): Measurement[] {
  const first = timings[0]?.seconds ?? 0
  return timings.map(({ what, seconds }) => ({ what, value: seconds, unit: 's', ratio: first / seconds }))
}

async function time(what: string, work: () => Promise<unknown>): Promise<Timing> {
  process.stderr.write(`${what} ...\n`)
  const began = performance.now()
  await work()
  return { what, seconds: (performance.now() - began) / 1000 }
}

/** The small configuration of our own guests; first with every object compiled, then with those that ccache has by now. */
async function benchFullBuild(kernel: Kernel, source: KernelSource, scratch: string): Promise<Timing[]> {
  const tree = join(scratch, 'tree')
  await source.exportAll(tree, context)
  const toolchain = await obtainToolchain(kernel.toolchain, context)
  const build = async (name: string): Promise<void> => {
    const into = join(scratch, name)
    await mkdir(into)
    const configs = configsOf(findProfile('stock'))
    await buildFullKernel(
      { source: tree, configs, localVersion: '-fct.bench', toolchain, into, logName: 'bench' },
      context,
    )
    await rm(into, { recursive: true })
  }
  process.env['CCACHE_RECACHE'] = '1'
  const cold = await time('full build, every object compiled', () => build('cold'))
  delete process.env['CCACHE_RECACHE']
  return [cold, await time('full build, objects from ccache', () => build('warm'))]
}

/** In a cache of its own that shares only what was downloaded. */
async function benchNfsd(
  kernel: Kernel,
  source: KernelSource,
  tree: string,
  scratch: string,
): Promise<Timing[]> {
  const home = join(scratch, 'cache')
  await borrowCache(home)
  const changes: [string, PatchSet][] = [['nfsd.ko from scratch', { patches: [], leftOut: [] }]]
  for (const file of ['filecache.c', 'filecache.h'])
    changes.push([`nfsd.ko after a change in ${file}`, await appendLine(tree, `fs/nfsd/${file}`, scratch)])
  return inCache(home, async () => {
    const timings = [await time('fs/nfsd out of the source archive', () => obtainNfsdSource(source, context))]
    for (const [what, patches] of changes)
      timings.push(await time(what, () => obtainNfsdModule({ kernel, source, patches }, context)))
    return timings
  })
}

/** A patch that adds a declaration at the end of a file. */
async function appendLine(tree: string, file: string, scratch: string): Promise<PatchSet> {
  const changed = join(scratch, 'changed')
  await writeFile(changed, `${await readFile(join(tree, file), 'utf8')}extern int fct_bench;\n`)
  const labels = [`--label=a/${file}`, `--label=b/${file}`]
  const { stdout } = await execa('diff', ['-u', ...labels, join(tree, file), changed], {
    reject: false,
    stripFinalNewline: false,
  })
  await writeFile(join(scratch, 'bench.patch'), stdout)
  return readPatches([join(scratch, 'bench.patch')])
}
