import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findImageParts, readKernelRelease } from '../../../vms/kernels/boot-image.js'
import { obtainStockKernel } from '../../stock-kernel.js'

let folder = ''

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fct-test-image-')))
})

afterEach(() => rm(folder, { recursive: true }))

async function write(path: string, content: Buffer | string): Promise<string> {
  const whole = join(folder, path)
  await mkdir(dirname(whole), { recursive: true })
  await writeFile(whole, content)
  return whole
}

/** As much of a bzImage as says which kernel it is: the setup header, and at 0x500 the string that it points to. */
function imageOf(release: string): Buffer {
  const image = Buffer.alloc(0x800)
  image.write('HdrS', 0x202)
  image.writeUInt16LE(0x300, 0x20e)
  image.write(`${release} (somebody@host) #1 SMP`, 0x500)
  return image
}

/** Everything that an installed kernel has, under a root of its own. */
async function install(release: string): Promise<string> {
  await mkdir(join(folder, 'lib', 'modules', release), { recursive: true })
  await mkdir(join(folder, 'usr', 'src', `linux-headers-${release}`), { recursive: true })
  await write(`boot/config-${release}`, '')
  return write(`boot/vmlinuz-${release}`, imageOf(release))
}

describe('readKernelRelease', () => {
  it("reads the release of Debian's kernel", async () => {
    const { kernel } = await obtainStockKernel()
    expect(await readKernelRelease(kernel.image)).toBe(kernel.release)
  })

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a text', '#!/bin/sh\n'.repeat(500)],
    ["arm64's image", Buffer.from(`MZ${'\0'.repeat(54)}ARM\x64${'\0'.repeat(4096)}`, 'latin1')],
    ['an image cut off in its header', imageOf('6.1.0-1-amd64').subarray(0, 0x20f)],
    ['an image cut off in its release', imageOf('6.1.0-1-amd64').subarray(0, 0x506)],
    ['an image without a release', imageOf('6.1.0-1-amd64').fill(0, 0x500)],
    ['a release that names another folder', imageOf('6.1/../../../etc')],
  ])('takes %s for no kernel', async (_, content) => {
    const path = await write('image', content)
    await expect(readKernelRelease(path)).rejects.toMatchObject({ code: 'FCT_IMAGE_NOT_A_KERNEL' })
  })

  it('tells who names a tree where its image is', async () => {
    await expect(readKernelRelease(folder)).rejects.toMatchObject({
      code: 'FCT_IMAGE_NOT_A_KERNEL',
      detail: expect.stringContaining('arch/x86/boot/bzImage') as string,
    })
  })

  it('tells an image that is not there from one that cannot be read', async () => {
    const path = join(folder, 'image')
    await expect(readKernelRelease(path)).rejects.toMatchObject({ code: 'FCT_IMAGE_NOT_FOUND' })
    await symlink('image', path) // a loop: nobody can open it, not even root
    await expect(readKernelRelease(path)).rejects.toMatchObject({ code: 'FCT_IMAGE_UNREADABLE' })
  })
})

describe('findImageParts', () => {
  const release = '6.1.0-1-amd64'

  it('finds what is installed with an image', async () => {
    const image = await install(release)
    expect(await findImageParts(image)).toEqual({
      release,
      image,
      config: join(folder, 'boot', `config-${release}`),
      headers: join(folder, 'usr', 'src', `linux-headers-${release}`),
      modules: join(folder, 'lib', 'modules', release),
    })
  })

  it('takes headers and configuration from the places where others than Debian have them', async () => {
    const image = await install(release)
    await rm(join(folder, 'usr'), { recursive: true })
    await rm(join(folder, 'boot', `config-${release}`))
    const headers = join(folder, 'lib', 'modules', release, 'build')
    const config = await write(`lib/modules/${release}/build/.config`, '')
    expect(await findImageParts(image)).toMatchObject({ headers, config })
  })

  it('finds the tree that an image was built in, also through a link', async () => {
    const config = await write('tree/.config', '')
    const image = await write('tree/arch/x86/boot/bzImage', imageOf(release))
    const link = join(folder, 'bzImage')
    await symlink(image, link)
    const parts = { release, image, config, headers: join(folder, 'tree'), modules: undefined }
    expect(await findImageParts(image)).toEqual(parts)
    expect(await findImageParts(link)).toEqual(parts)
  })

  it.each([
    ['lib', 'FCT_IMAGE_NO_MODULES', 'lib/modules/'],
    ['usr', 'FCT_IMAGE_NO_HEADERS', 'usr/src/linux-headers-'],
    [`boot/config-${release}`, 'FCT_IMAGE_NO_HEADERS', 'boot/config-'],
  ])('says where it has looked when %s is missing', async (missing, code, place) => {
    const image = await install(release)
    await rm(join(folder, missing), { recursive: true })
    await expect(findImageParts(image)).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(join(folder, place)) as string,
    })
  })

  it('takes headers that a dangling link leads to for missing', async () => {
    const image = await install(release)
    await rm(join(folder, 'usr'), { recursive: true })
    await symlink(join(folder, 'nowhere'), join(folder, 'lib', 'modules', release, 'build'))
    await expect(findImageParts(image)).rejects.toMatchObject({ code: 'FCT_IMAGE_NO_HEADERS' })
  })

  it('wants the configuration of a build tree', async () => {
    const image = await write('tree/arch/x86/boot/bzImage', imageOf(release))
    await expect(findImageParts(image)).rejects.toMatchObject({
      code: 'FCT_IMAGE_NO_HEADERS',
      detail: expect.stringContaining('.config') as string,
    })
  })
})
