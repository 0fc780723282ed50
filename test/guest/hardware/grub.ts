import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../vms/program.js'
import { obtainGrub } from '../../grub.js'

/** What GRUB boots if nobody wants anything else. */
export interface OwnBoot {
  readonly kernel: string
  readonly initramfs: string
  readonly commandLine: string
}

const failure = { code: 'FCT_TEST_GRUB', doing: 'installing GRUB' } as const
const modules =
  'biosdisk ext2 search search_fs_file normal configfile linux loadenv test echo serial terminal minicmd'

/**
 * GRUB as Debian has it, for a machine with a BIOS.
 *
 * @param folder Where all is made.
 * @returns a disk to boot from, and the content of the one that has /boot on it
 */
export async function installGrub(
  folder: string,
  { kernel, initramfs, commandLine }: OwnBoot,
): Promise<{ readonly disk: string; readonly tree: string }> {
  const grub = await obtainGrub()
  const tree = join(folder, 'on-disk')
  const boot = join(tree, 'boot')
  await mkdir(join(boot, 'grub'), { recursive: true })
  await copyFile(kernel, join(boot, 'vmlinuz'))
  await copyFile(initramfs, join(boot, 'initrd'))
  const own = commandLine
    .split(' ')
    .map((word) => `'${word}'`)
    .join(' ')
  const entry = `menuentry own --id own {\n\tlinux /boot/vmlinuz ${own}\n\tinitrd /boot/initrd\n}`
  const config = (name: string): Promise<string> =>
    runProgram('sh', [join(grub, 'etc/grub.d', name)], failure, {
      env: { pkgdatadir: join(grub, 'usr/share/grub'), GRUB_TIMEOUT: '0' },
    })
  const toSerial = 'serial --unit=0 --speed=115200\nterminal_output serial'
  const parts = [toSerial, await config('00_header'), entry, await config('41_custom')]
  await writeFile(join(boot, 'grub', 'grub.cfg'), parts.join('\n'))
  await runProgram(join(grub, 'usr/bin/grub-editenv'), [join(boot, 'grub', 'grubenv'), 'create'], failure)
  return { disk: await makeBootDisk(grub, folder), tree }
}

/** Its first sector, and behind it all that GRUB needs to find the disk with /boot/grub. */
async function makeBootDisk(grub: string, folder: string): Promise<string> {
  const images = join(grub, 'usr/lib/grub/i386-pc')
  const [early, core, disk] = ['early.cfg', 'core.img', 'grub.img'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(
    early,
    'search --set=root --file /boot/grub/grub.cfg\nset prefix=($root)/boot/grub\nnormal\n',
  )
  const words = ['-d', images, '-O', 'i386-pc', '-p', '/boot/grub', '-c', early, '-o', core]
  await runProgram(join(grub, 'usr/bin/grub-mkimage'), [...words, ...modules.split(' ')], failure)
  await writeFile(disk, Buffer.concat([await readFile(join(images, 'boot.img')), await readFile(core)]))
  await truncate(disk, 1 << 20)
  return disk
}
