import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../../harness/folders.js'
import { obtain } from '../../../vms/cache.js'
import { obtainGuestImages } from '../../../vms/guest-images.js'
import { runProgram } from '../../../vms/program.js'
import { emulatedCpu, emulatedParameters } from '../../../vms/qemu.js'
import type { KernelUnderTest } from '../../../vms/kernels/kernels.js'
import { obtainGrub } from '../../grub.js'
import { quietContext } from '../../stock-kernel.js'
import { installGrub } from './grub.js'

export interface HardwareSpec {
  readonly kernel: KernelUnderTest
  /** Further words of the kernel's command line. */
  readonly commandLine: string
  /** For its disk, and with `authorized_keys` and `host` in it. */
  readonly folder: string
  /** The port of this host that leads to its port 22. */
  readonly port: number
  /** Its kernel is on its disk, and booted by GRUB. */
  readonly hasGrub: boolean
}

/**
 * QEMU's arguments for a machine of somebody else: it has a disk, boots by itself after a panic, as ramoops has it, and tells
 * nobody.
 */
export async function hardwareArguments({
  kernel,
  commandLine,
  folder,
  port,
  hasGrub,
}: HardwareSpec): Promise<string[]> {
  const own = (name: string): string => join(packageRoot, 'test', 'guest', 'hardware', name)
  const images = await obtainGuestImages(kernel, quietContext, {
    init: own('init'),
    start: own('start'),
    mkinitramfs: own('mkinitramfs'),
    'packages.tar': await obtainPackages(),
    host_key: join(folder, 'host'),
    authorized_keys: join(folder, 'authorized_keys'),
  })
  const words = [
    `console=ttyS0,115200 ${emulatedParameters} net.ifnames=0 rdinit=/fct/init memmap=1M$0x60000000`,
    // QEMU 7.2 keeps its translation of a page for each address that it had. A kernel that boots again overwrites such pages, which
    // takes a walk through all of them for each store: minutes, and the CPU is said to be stuck.
    'norandmaps',
    `hardware.release=${kernel.kernel.release} ${images.kernelParameters} ${commandLine}`,
  ]
  const boot = { kernel: images.kernel, initramfs: images.initramfs, commandLine: words.join(' ') }
  const grub = hasGrub ? await installGrub(folder, boot) : undefined
  return [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', emulatedCpu, '-smp', '2', '-m', '2048'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-action', 'panic=none'],
    ...(grub === undefined
      ? ['-kernel', boot.kernel, '-initrd', boot.initramfs, '-append', boot.commandLine]
      : []),
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console', '-device', 'virtio-rng-pci'],
    ...disk(images.rootfs, 'root', true),
    ...disk(images.modules, 'modules', true),
    ...disk(await makeDisk(folder, grub?.tree), 'own', false),
    ...(grub === undefined ? [] : disk(grub.disk, 'grub', true, ',bootindex=0')),
    ...['-netdev', `user,id=net,restrict=off,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,id=card,netdev=net,romfile='],
  ]
}

function disk(path: string, id: string, isReadOnly: boolean, more = ''): string[] {
  return [
    ...['-drive', `file=${path},if=none,id=${id},format=raw,read-only=${isReadOnly ? 'on' : 'off'}`],
    ...['-device', `virtio-blk-pci,drive=${id}${more}`],
  ]
}

async function makeDisk(folder: string, tree: string | undefined): Promise<string> {
  const path = join(folder, 'disk')
  await writeFile(path, '')
  await truncate(path, 2 * 1024 ** 3)
  const failure = { code: 'FCT_TEST_DISK', doing: 'making a disk' } as const
  const content = tree === undefined ? [] : ['-d', tree]
  await runProgram('mkfs.ext4', ['-q', '-F', ...content, path], failure)
  return path
}

/** A tar file with Debian's kexec and GRUB's programs, which guests of ours have no use for, and the libraries that those lack. */
async function obtainPackages(): Promise<string> {
  const failure = { code: 'FCT_TEST_PACKAGES', doing: 'getting kexec and GRUB' } as const
  const folder = await obtain(
    {
      kind: 'test',
      inputs: { recipe: 3, packages: ['kexec-tools', 'grub'] },
      title: 'packages of the hardware',
      build: async (into) => {
        await runProgram('sh', ['-ec', pack, 'sh', await obtainGrub()], failure, { cwd: into })
      },
    },
    quietContext,
  )
  return join(folder, 'packages.tar')
}

const pack = `
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances kexec-tools |
    grep -xE 'kexec-tools|libxen[^ ]*' | sort -u | xargs apt-get -qq download
  for package in *.deb; do dpkg-deb -x "$package" tree; done
  cd tree
  mkdir -p usr/sbin
  mv sbin/kexec usr/sbin/kexec
  tar -cf ../packages.tar usr/sbin/kexec usr/lib/*-linux-gnu/libxen*.so.*
  tar -C "$1" -rf ../packages.tar usr/bin/grub-editenv usr/sbin/grub-probe usr/sbin/grub-reboot usr/share/grub/grub-mkconfig_lib
  cd ..
  rm -r tree *.deb`
