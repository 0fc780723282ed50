import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../../../harness/folders.js'
import { obtainGuestImages } from '../../../vms/guest-images.js'
import { machineArguments, startEmulator, type Machine } from '../../../vms/qemu.js'
import type { KernelUnderTest } from '../../../vms/kernels/kernels.js'
import { quietContext } from '../../stock-kernel.js'

/** A guest that plays a machine of somebody else: nothing is known of it but its address, a key, and its power switch. */
export interface Hardware {
  /** ssh://root@127.0.0.1:PORT */
  readonly address: string
  /** Options of fctorture that let it in. */
  readonly options: readonly string[]
  readonly folder: string
  /** Runs a command there, as its owner would. */
  ssh(command: string): Promise<string>
  /** The serial console so far. */
  console(): string
  /** Pulls or plugs its network cable. */
  setLink(isUp: boolean): Promise<void>
  /** Power off and on again: the same address, another boot. */
  cycle(): Promise<void>
  end(): Promise<void>
}

export interface HardwareOptions {
  /** Further words of the kernel's command line. */
  readonly commandLine?: string
}

export async function startHardware(
  kernel: KernelUnderTest,
  options: HardwareOptions = {},
): Promise<Hardware> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-hardware-'))
  const [own, host] = [join(folder, 'own'), join(folder, 'host')]
  for (const path of [own, host]) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
  const authorized = join(folder, 'authorized_keys')
  await copyFile(`${own}.pub`, authorized)
  const start = join(packageRoot, 'test', 'guest', 'hardware', 'start')
  const images = await obtainGuestImages(kernel, quietContext, {
    start,
    host_key: host,
    authorized_keys: authorized,
  })
  const port = await freePort()
  const name = `[127.0.0.1]:${port}`
  const known = join(folder, 'known_hosts')
  const [kind, key] = (await readFile(`${host}.pub`, 'utf8')).split(' ')
  await writeFile(known, `${name} ${kind} ${key}\n`)

  let heard = ''
  let machine: Machine
  const on = async (): Promise<void> => {
    const spec = {
      kernel: images.kernel,
      initramfs: images.initramfs,
      commandLine: `console=ttyS0,115200 mitigations=off tsc=reliable net.ifnames=0 ${images.kernelParameters} ${options.commandLine ?? 'panic=-1 oops=panic'}`,
      accelerator: 'tcg' as const,
      cpus: 2,
      memoryMiB: 2048,
      disks: [images.rootfs, images.modules],
      ports: [],
    }
    const card = ['-netdev', `user,id=net,restrict=off,hostfwd=tcp:127.0.0.1:${port}-:22`]
    const device = ['-device', 'virtio-net-pci,id=card,netdev=net,romfile=']
    const words = machineArguments(spec)
    words.splice(words.indexOf('-nic'), 2, ...card, ...device)
    machine = await startEmulator(words, [])
    await untilReady(machine, (text) => {
      heard += text
    })
  }
  await on()
  const login = ['-q', '-i', own, '-o', `UserKnownHostsFile=${known}`, '-p', String(port), 'root@127.0.0.1']
  return {
    address: `ssh://root@127.0.0.1:${port}`,
    options: ['--target', `ssh://root@127.0.0.1:${port}`, '--identity', own, '--known-hosts', known],
    folder,
    ssh: async (command) =>
      (await execa('ssh', [...login, command], { stdin: 'ignore', timeout: 60_000 })).stdout,
    console: () => heard,
    setLink: async (up) => {
      await machine.monitor.execute('set_link', { name: 'card', up })
    },
    cycle: async () => {
      await machine.stop()
      await on()
    },
    end: async () => {
      await machine.stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** Resolves when it answers ssh. */
function untilReady({ console, ended }: Machine, hear: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = ''
    console.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
      hear(chunk.toString())
      if (heard.includes('hardware: ready')) resolve()
    })
    void ended.then(() => {
      reject(new Error(`the hardware died:\n${heard.slice(-3000)}`))
    })
  })
}

/** `fctorture run CLOSE01` on it; run folders go below `runs`. */
export function runOn({ options }: Hardware, runs: string, ...args: string[]) {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const words = ['run', 'CLOSE01', '--json', '--runs', runs, ...options, ...args]
  return execa(process.execPath, [cli, ...words], { reject: false })
}

/** Resolves when the load of such a run is under way. */
export function loadOf({ stderr }: ReturnType<typeof runOn>): Promise<void> {
  return new Promise((resolve) => {
    stderr.on('data', (chunk: Buffer) => {
      if (/ load \d+\//.test(chunk.toString())) resolve()
    })
  })
}

/** What of a run can be seen on it. */
export function tracesOn(hardware: Hardware): Promise<string> {
  const commands = [
    'ls -d /var/tmp/fctorture.* /srv/fct /mnt/fct /sys/kernel/tracing/instances/* /etc/exports.d/* 2>/dev/null',
    "grep -E '^(fctorture|nfsd|nfs|lockd|sunrpc) ' /proc/modules",
    "grep -E ' (nfs|nfs4|nfsd|rpc_pipefs) |/srv|/mnt' /proc/mounts",
    'pgrep -l -x "node|rpcbind|nfsdcld|rpc.mountd|dmesg"',
  ]
  return hardware.ssh(commands.map((command) => `{ ${command}; } ; `).join('') + 'true')
}

/** QEMU takes it a moment later. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
