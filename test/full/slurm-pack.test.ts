import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { CellJob } from '../../harness/campaign/executor.js'
import { parcelsIn } from '../../harness/commands/slurm-pack.js'
import { cacheFolder } from '../../harness/folders.js'
import { unpackParcel } from '../../vms/cache-parcel.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import { inCache } from '../borrowed-cache.js'
import { quietContext } from '../stock-kernel.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-pack-'))

afterAll(() => {
  rmSync(folder, { recursive: true })
})

function jobOf(kernel: KernelRequest, scenario = 'CLOSE01'): CellJob {
  const { name, profile, patches } = kernel
  return {
    cell: { kernel: name, profile, scenario, target: 'qemu', patches },
    ...{ attempt: 1, options: { scenario, kernel, time: 1, seed: 1 }, runs: '/runs' },
  }
}

const stock: KernelRequest = { name: 'debian:6.1', patches: [], profile: 'stock' }

test('a cache with nothing but a parcel has all that a guest of the kernel is started from', async () => {
  const parcelOf = parcelsIn(join(folder, 'parcels'), quietContext)
  const parcel = await parcelOf(jobOf(stock, 'CLOSE02'))
  console.log(`parcel: ${String(Math.round(statSync(parcel!.file).size / 2 ** 20))} MiB`)
  const kinds = parcel!.entries.map((entry) => dirname(entry))
  expect(kinds).toEqual(expect.arrayContaining(['kernel', 'rootfs', 'module', 'payload', 'under-test']))
  expect(kinds).not.toContain('guest')
  expect(await parcelOf(jobOf(stock))).toEqual(parcel)
  expect(readdirSync(join(folder, 'parcels'))).toHaveLength(1)
  await inCache(join(folder, 'node'), async () => {
    const { signal } = quietContext
    // As two elements that begin on one node.
    await Promise.all([unpackParcel(parcel!, signal), unpackParcel(parcel!, signal)])
    const made: string[] = []
    const announce = (title: string) => {
      made.push(title)
      return () => undefined
    }
    const images = await obtainGuestImages(await obtainKernel(stock, { announce, signal }), {
      announce,
      signal,
    })
    expect(made).toEqual([])
    for (const file of [images.kernel, images.rootfs, images.modules, images.initramfs, images.underTest]) {
      expect(file.startsWith(cacheFolder())).toBe(true)
      expect(existsSync(file)).toBe(true)
    }
    expect(readdirSync(join(cacheFolder(), 'parcel'))).toEqual([])
  })
}, 300_000)

test('what cannot be made here is left to the node, which says why', async () => {
  const parcelOf = parcelsIn(join(folder, 'parcels'), quietContext)
  expect(await parcelOf(jobOf({ ...stock, patches: [join(folder, 'no.patch')] }))).toBeNull()
})
