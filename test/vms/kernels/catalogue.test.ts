import { expect, it } from 'vitest'
import { orderModules } from '../../../vms/initramfs.js'
import { nearest, readCatalogue } from '../../../vms/kernels/catalogue.js'
import { readKernelName } from '../../../vms/kernels/kernel-name.js'
import { parseVersions } from '../../../vms/kernels/debian-packages.js'

it('knows the kernels of the catalogue', () => {
  expect(readCatalogue().get('debian:6.1')).toMatchObject({ name: 'debian:6.1', image: 'linux-image-amd64' })
})

it('answers an unknown kernel with the nearest name', () => {
  expect(() => readKernelName('debain:6.1')).toThrow(
    expect.objectContaining({
      code: 'FCT_KERNEL_UNKNOWN',
      message: expect.stringContaining('did you mean debian:6.1?') as string,
    }) as Error,
  )
  expect(nearest('close1', ['ACQUIRE01', 'CLOSE01'])).toBe('CLOSE01')
})

it('reads package versions and leaves meta packages out', () => {
  const show = [
    'Package: linux-image-amd64\nVersion: 6.1.192-2\nDepends: linux-image-6.1.0-56-amd64\n',
    'Package: linux-image-6.1.0-56-amd64\nArchitecture: amd64\nVersion: 6.1.192-2\n',
  ].join('\n')
  expect(parseVersions(show)).toEqual(['linux-image-6.1.0-56-amd64=6.1.192-2'])
})

it('orders modules so that each follows what it needs', () => {
  const modulesDep = [
    'kernel/fs/erofs/erofs.ko: kernel/lib/libcrc32c.ko',
    'kernel/lib/libcrc32c.ko:',
    'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko',
    'kernel/drivers/virtio/virtio.ko:',
    'kernel/drivers/virtio/virtio_ring.ko:',
  ].join('\n')
  expect(orderModules(modulesDep, ['virtio_blk', 'erofs', 'built_in'])).toEqual([
    'kernel/drivers/virtio/virtio_ring.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/block/virtio_blk.ko',
    'kernel/lib/libcrc32c.ko',
    'kernel/fs/erofs/erofs.ko',
  ])
})
