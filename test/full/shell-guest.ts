import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import { emulatedParameters, machineArguments } from '../../vms/qemu.js'
import { quietContext } from '../stock-kernel.js'

/** Process 1 of a guest that has a shell, and nothing of ours but the script and the modules. */
const start = `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
ip link set lo up
mkdir /fct/under-test
mount -t erofs -o ro /dev/vdc /fct/under-test
[ ! -e /fct/under-test/nfsd.ko ] || mount -o bind /fct/under-test/nfsd.ko "$(modinfo -n nfsd)"
exec > /dev/ttyS1 2>&1
sh /fct/reproducer.sh /fct/under-test/fctorture.ko
echo "reproducer ended with $?"
echo o > /proc/sysrq-trigger
while :; do wait; sleep 1; done
`

/** What the script said, and the guest's kernel, until it was off. */
export interface ScriptEnd {
  readonly script: string
  readonly console: string
}

export async function runScriptInGuest(script: string, request: KernelRequest): Promise<ScriptEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-shell-'))
  try {
    const begin = join(folder, 'start')
    await writeFile(begin, start, { mode: 0o755 })
    const kernel = await obtainKernel(request, quietContext)
    const images = await obtainGuestImages(kernel, quietContext, { start: begin, 'reproducer.sh': script })
    const words = machineArguments({
      kernel: images.kernel,
      initramfs: images.initramfs,
      commandLine: `console=ttyS0,115200 panic=-1 ${emulatedParameters} ${images.kernelParameters}`,
      accelerator: 'tcg',
      cpus: 2,
      memoryMiB: 2048,
      disks: [images.rootfs, images.modules, images.underTest],
      ports: [],
    })
    const said = join(folder, 'said')
    // Its console is its stdout; the monitor that it expects is not asked anything.
    const { stdout } = await execa('qemu-system-x86_64', [...words, ...ownWords(said)], {
      reject: false,
      timeout: 5 * 60_000,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    })
    return { script: await readFile(said, 'utf8'), console: stdout }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The script has a port of its own, so that an oops does not come between its words; and nobody wakes the guest after a panic. */
function ownWords(said: string): string[] {
  return ['-serial', `file:${said}`, '-action', 'panic=shutdown']
}
