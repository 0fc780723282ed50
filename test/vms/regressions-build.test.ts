import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Kernel } from '../../vms/kernels/kernel.js'
import { obtainNfsdModule } from '../../vms/kernels/nfsd-module.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { readRegressions } from '../../vms/regressions/regressions.js'
import { borrowCache } from '../borrowed-cache.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'

let home = ''
let kernel: Kernel

/** In a cache of its own, where nothing has been built yet and nothing stays. */
beforeAll(async () => {
  ;({ kernel } = await obtainStockKernel())
  home = await mkdtemp(join(tmpdir(), 'fct-test-regressions-'))
  await borrowCache(home)
  vi.stubEnv('XDG_CACHE_HOME', home)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

it('builds nfsd.ko of 6.1 with each regression, all in one go', async () => {
  const { source } = kernel
  if (source === undefined) throw new Error('debian:6.1 has a source')
  const sound = await obtainNfsdModule(
    { kernel, source, patches: { patches: [], leftOut: [] } },
    quietContext,
  )
  const hashes = new Set([sound.hash])
  const regressions = (await readRegressions()).filter(({ patches }) => patches.has('6.1'))
  expect(regressions.length).toBeGreaterThanOrEqual(14)
  for (const { patches } of regressions) {
    const set = await readPatches([patches.get('6.1') ?? ''])
    hashes.add((await obtainNfsdModule({ kernel, source, patches: set }, quietContext)).hash)
  }
  expect(hashes.size).toBe(regressions.length + 1)
}, 1_200_000)
