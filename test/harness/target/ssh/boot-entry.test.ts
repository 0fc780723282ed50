import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { farSide } from '../../../../harness/target/ssh/probe.js'
import { obtainGrub } from '../../../grub.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-boot-entry-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const words = 'BOOT_IMAGE=/vmlinuz ro memmap=1M$0x60000000 initrd=old.img *'

it('is in the menu as it should be, for the next boot alone, and goes without a trace', async () => {
  const script = `
    can_boot_once
    echo "# the owner's" > /boot/grub/custom.cfg
    before=$(find /boot | sort; cat /boot/grub/custom.cfg /boot/grub/grubenv)
    write_entry '${words}'
    boot_entry_next
    cat /boot/grub/custom.cfg
    grub-script-check /boot/grub/custom.cfg && echo checked
    grub-editenv /boot/grub/grubenv list
    cat /boot/grub/fctorture/vmlinuz /boot/grub/fctorture/initrd
    remove_entry
    after=$(find /boot | sort; cat /boot/grub/custom.cfg /boot/grub/grubenv)
    [ "$before" = "$after" ] && echo as before`
  expect((await atGrub(script)).split('\n')).toEqual([
    "# the owner's",
    '### fctorture',
    "menuentry 'fctorture' --id fctorture --unrestricted {",
    "\tlinux $prefix/fctorture/vmlinuz 'ro' 'memmap=1M$0x60000000' '*'",
    '\tinitrd $prefix/fctorture/initrd',
    '}',
    '### end of fctorture',
    'checked',
    'next_entry=fctorture',
    'a kernel',
    'an initramfs',
    'as before',
  ])
})

it('leaves alone what somebody else has chosen for the next boot', async () => {
  const script = `
    write_entry ro
    grub-reboot other
    remove_entry
    grub-editenv /boot/grub/grubenv list; ls /boot/grub/custom.cfg`
  expect(await atGrub(script)).toMatch(/^next_entry=other\nls: .*No such file/)
})

it('is not made where it would not be for one boot, or not be read, and it is said why', async () => {
  const cases = [
    ['rm /boot/grub/grubenv', 'can_boot_once', /^refused FCT_DEPLOY_BOOT_ENTRY .*next_entry/],
    ['sed -i /custom/d /boot/grub/grub.cfg', 'can_boot_once', /^refused FCT_DEPLOY_BOOT_ENTRY .*custom\.cfg/],
    ['mount -t tmpfs tmpfs /usr/sbin', 'can_boot_once', /^refused FCT_DEPLOY_LACKS .*grub-reboot/],
    [
      'cp -r /boot/grub /tmp; mount -t tmpfs tmpfs /boot; mv /tmp/grub /boot',
      'can_boot_once',
      /^refused FCT_DEPLOY_BOOT_ENTRY it cannot be told.*\n.*grub-probe/,
    ],
    ['', `write_entry 'dyndbg="file nfsd"'`, /^refused FCT_DEPLOY_BOOT_ENTRY .*quotes/],
    ['head -c 40M /dev/zero > vmlinuz', 'write_entry ro', /refused FCT_DEPLOY_DISK_FULL/],
  ] as const
  for (const [change, step, answer] of cases) expect(await atGrub(`${change}\n${step}`)).toMatch(answer)
})

/**
 * Runs a script with the far side's functions on a machine that has Debian's GRUB, and /boot on a disk of its own.
 *
 * @returns What it printed, stderr included.
 */
async function atGrub(script: string): Promise<string> {
  const image = join(folder, 'boot')
  await writeFile(image, '')
  await truncate(image, 32 * 1024 ** 2)
  await execa('mkfs.ext4', ['-q', '-F', image])
  const place = join(folder, 'place')
  await mkdir(place, { recursive: true })
  const outside = `
    mount -t tmpfs tmpfs ${place}
    cd ${place}
    mkdir upper work root
    cp -a ${await obtainGrub()} grub
    mount -t overlay -o lowerdir=grub:/,upperdir=upper,workdir=work overlay root
    cd root
    for name in dev proc; do mount --rbind /$name $name; done
    mount -t tmpfs tmpfs tmp
    mount -o loop ${image} boot
    exec chroot . sh -c "$1" 2>&1`
  const inside = `
    refuse() { echo "refused $*"; exit 1; }
    has() { command -v "$1" > /dev/null; }
    mkdir -p /boot/grub
    export pkgdatadir=/usr/share/grub GRUB_TERMINAL_OUTPUT=console
    { sh /etc/grub.d/00_header; sh /etc/grub.d/41_custom; } > /boot/grub/grub.cfg
    grub-editenv /boot/grub/grubenv create
    cd /tmp && echo a kernel > vmlinuz && echo an initramfs > initrd
    ${farSide('boot-entry')}
    ${script}`
  const args = ['--mount', '--propagation', 'private', 'sh', '-ec', outside, 'sh', inside]
  const { stdout } = await execa('unshare', args, { reject: false, stderr: 'inherit' })
  return stdout
}
