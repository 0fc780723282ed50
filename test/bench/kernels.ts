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
import { borrowable, borrowCache, inCache } from '../borrowed-cache.js'
import type { Peer, Row } from './row.js'
import type { Bench } from './run-bench.js'

const context: BuildContext = {
  announce: (title) => {
    process.stderr.write(`${title} ...\n`)
    return () => undefined
  },
  signal: new AbortController().signal,
}

/** What a change of a file costs: nfsd.ko alone, against the whole kernel. */
export const kernelsBench: Bench = {
  name: 'kernels',
  // The source tree alone; what is built of it was not measured.
  needs: { scratchMiB: 1300 },
  async *measure() {
    const { kernel } = await obtainKernel({ name: 'debian:6.1', patches: [], profile: 'stock' }, context)
    const { source } = kernel
    if (source === undefined) throw new Error('debian:6.1 has no source')
    const tree = await obtainNfsdSource(source, context)
    const scratch = await mkdtemp(join(tmpdir(), 'fct-bench-'))
    try {
      const [cold, warm] = await benchFullBuild(kernel, source, scratch)
      for (const { isOfStep, ...row } of await benchNfsd(kernel, source, tree, scratch)) {
        yield { ...row, peer: cold, ...(isOfStep && { bar: { ratio: 20 } }) }
        yield { ...row, peer: warm }
      }
    } finally {
      await rm(scratch, { recursive: true })
    }
  },
}

/** Seconds. */
async function time(what: string, work: () => Promise<unknown>): Promise<number> {
  process.stderr.write(`${what} ...\n`)
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

/** The small configuration of our own guests; first with every object compiled, then with those that ccache has by now. */
async function benchFullBuild(kernel: Kernel, source: KernelSource, scratch: string): Promise<[Peer, Peer]> {
  const tree = join(scratch, 'tree')
  await source.exportAll(tree, context)
  const toolchain = await obtainToolchain(kernel.toolchain, context)
  const build = async (name: string): Promise<Peer> => {
    const into = join(scratch, 'full')
    await mkdir(into)
    const configs = configsOf(findProfile('stock'))
    const request = { source: tree, configs, localVersion: '-fct.bench', toolchain, into, logName: 'bench' }
    const value = await time(name, () => buildFullKernel(request, context))
    await rm(into, { recursive: true })
    return { name, value }
  }
  process.env['CCACHE_RECACHE'] = '1'
  const cold = await build('the whole kernel, every object compiled').finally(() => {
    delete process.env['CCACHE_RECACHE']
  })
  return [cold, await build('the whole kernel, objects from ccache')]
}

/** What a step of a search takes, when its commit changed such a file. */
type Step = Omit<Row, 'peer' | 'bar'> & { readonly isOfStep: boolean }

/** In a cache of its own that shares what was downloaded, and not what was taken out of it. */
async function benchNfsd(
  kernel: Kernel,
  source: KernelSource,
  tree: string,
  scratch: string,
): Promise<Step[]> {
  const home = join(scratch, 'cache')
  await borrowCache(
    home,
    borrowable.kernels.filter((kind) => kind !== 'nfsd-source'),
  )
  const step = async (what: string, isOfStep: boolean, work: () => Promise<unknown>): Promise<Step> => {
    return { what, ours: await time(what, work), unit: 's', better: 'less', isOfStep }
  }
  const build = (patches: PatchSet): Promise<unknown> =>
    obtainNfsdModule({ kernel, source, patches }, context)
  const code = await appendLine(tree, 'fs/nfsd/filecache.c', scratch)
  const header = await appendLine(tree, 'fs/nfsd/filecache.h', scratch)
  return inCache(home, async () => [
    await step('fs/nfsd out of the source archive', false, () => obtainNfsdSource(source, context)),
    await step('nfsd.ko from scratch', false, () => build({ patches: [], leftOut: [] })),
    await step('nfsd.ko after a change in filecache.c', true, () => build(code)),
    await step('nfsd.ko after a change in filecache.h', true, () => build(header)),
  ])
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
