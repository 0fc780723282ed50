import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bootProbe, chooseAccelerator } from '../../vms/accelerator.js'
import { obtainInitramfs } from '../../vms/initramfs.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'

const limitMs = 120_000

it('believes an accelerator under which a guest has spoken', async () => {
  const { kernel } = await obtainStockKernel()
  const initramfs = await obtainInitramfs(kernel, quietContext)
  expect(await bootProbe(kernel.image, initramfs, 'tcg', limitMs)).toBe(true)
  const { accelerator, reason } = await chooseAccelerator(kernel.image, initramfs)
  expect(reason).toMatch(accelerator === 'kvm' ? /a probe guest answered/ : /cannot be opened|said nothing/)
})

it('believes no guest that says nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-probe-'))
  const { kernel } = await obtainStockKernel()
  await writeFile(join(folder, 'empty.cpio'), Buffer.alloc(512))
  expect(await bootProbe(kernel.image, join(folder, 'empty.cpio'), 'tcg', limitMs)).toBe(false)
  await rm(folder, { recursive: true })
})
