import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import type { TestContext } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../../harness/folders.js'
import { startEmulator, type Machine } from '../../../vms/qemu.js'
import type { KernelUnderTest } from '../../../vms/kernels/kernels.js'
import { hardwareArguments } from './machine.js'

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
  /** Resolves when it has booted once more; to be called before it does. */
  booted(): Promise<void>
  /** Writes a targets file that knows it as `lab`, with these of its hooks, and resolves with the file's options. */
  known(hooks: Record<string, unknown>, more?: Record<string, unknown>): Promise<string[]>
  /** Hook commands that are its owner's to give. */
  readonly hooks: {
    readonly console: readonly string[]
    readonly reset: readonly string[]
    readonly power: Readonly<Record<'off' | 'on' | 'cycle', readonly string[]>>
  }
  end(): Promise<void>
}

export interface HardwareOptions {
  /** Further words of the kernel's command line. */
  readonly commandLine?: string
  /** Its kernel is on its disk, and booted by GRUB. */
  readonly hasGrub?: boolean
}

const ready = 'hardware: ready'

export async function startHardware(
  kernel: KernelUnderTest,
  options: HardwareOptions = {},
): Promise<Hardware> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-hardware-'))
  const [own, host] = [join(folder, 'own'), join(folder, 'host')]
  for (const path of [own, host]) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
  await copyFile(`${own}.pub`, join(folder, 'authorized_keys'))
  const port = await freePort()
  const knownHosts = join(folder, 'known_hosts')
  const [kind, key] = (await readFile(`${host}.pub`, 'utf8')).split(' ')
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${kind} ${key}\n`)
  const commandLine = options.commandLine ?? 'panic=-1 oops=panic'
  const { hasGrub = false } = options
  const body = new Body(await hardwareArguments({ kernel, commandLine, folder, port, hasGrub }), folder)
  await body.on()
  const socket = join(folder, 'switch')
  const line = await listen(socket, body)
  const press = (word: string): string[] => [
    process.execPath,
    join(packageRoot, 'test', 'guest', 'hardware', 'switch.mjs'),
    socket,
    word,
  ]
  const login = [
    '-q',
    '-i',
    own,
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
    '-p',
    String(port),
    'root@127.0.0.1',
  ]
  const address = `ssh://root@127.0.0.1:${port}`
  return {
    address,
    options: ['--target', address, '--identity', own, '--known-hosts', knownHosts],
    folder,
    ssh: async (command) =>
      (await execa('ssh', [...login, command], { stdin: 'ignore', timeout: 60_000 })).stdout,
    console: () => body.heard,
    setLink: async (up) => {
      await body.machine?.monitor.execute('set_link', { name: 'card', up })
    },
    booted: () => body.booted(),
    known: async (hooks, more = {}) => {
      const file = join(folder, 'targets.yaml')
      const lab = { address, identity: [own], knownHosts: [knownHosts], hooks, ...more }
      await writeFile(file, stringify({ targets: { lab } }))
      return ['--targets', file, '--target', 'lab']
    },
    hooks: {
      console: ['tail', '-c', '0', '-F', body.log],
      reset: press('reset'),
      power: { off: press('off'), on: press('on'), cycle: press('cycle') },
    },
    end: async () => {
      line.close()
      await body.off()
      await rm(folder, { recursive: true })
    },
  }
}

/** The machine itself, with its switches; power that is cut takes its memory, and leaves its disk. */
class Body {
  machine: Machine | undefined
  heard = ''
  /** A file with its serial console. */
  readonly log: string
  readonly #args: readonly string[]

  constructor(args: readonly string[], folder: string) {
    this.#args = args
    this.log = join(folder, 'serial')
  }

  async on(): Promise<void> {
    const { machine } = this
    if (machine !== undefined) return
    const started = (this.machine = await startEmulator(this.#args, []))
    started.console.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString()
      appendFileSync(this.log, chunk)
    })
    await this.booted()
  }

  async off(): Promise<void> {
    await this.machine?.stop()
    this.machine = undefined
  }

  async reset(): Promise<void> {
    await this.machine?.monitor.execute('system_reset')
  }

  booted(): Promise<void> {
    const before = this.heard.length
    const machine = this.machine
    return new Promise((resolve, reject) => {
      machine?.console.on('data', () => {
        if (this.heard.includes(ready, before)) resolve()
      })
      void machine?.ended.then(() => {
        reject(new Error(`the hardware died:\n${this.heard.slice(-3000)}`))
      })
    })
  }

  /** What its switch is told to do. Power comes back at once, the machine later. */
  async press(word: string): Promise<void> {
    if (word === 'reset') await this.reset()
    if (word === 'off' || word === 'cycle') await this.off()
    if (word === 'on' || word === 'cycle') this.on().catch(() => undefined)
  }
}

/** The switch's other end. */
async function listen(path: string, body: Body): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    createInterface({ input: socket }).once('line', (word) => {
      void body.press(word).then(() => socket.end('done\n'))
    })
  }).listen(path)
  await once(server, 'listening')
  return server
}

/** Presses its reset button, and resolves when it has booted. */
export async function resetIt(hardware: Hardware): Promise<void> {
  const back = hardware.booted()
  const [program = '', ...args] = hardware.hooks.reset
  await execa(program, args)
  await back
}

/** Prints what its console says from now on, if the test fails. */
export function showConsole(hardware: Hardware, onTestFailed: TestContext['onTestFailed']): void {
  const before = hardware.console().length
  onTestFailed(({ task }) => {
    const said = hardware.console().slice(before)
    process.stderr.write(`console of the hardware during "${task.name}":\n${said}\n`)
  })
}

/** `fctorture run CLOSE01` on it; run folders go below `runs`. */
export function runOn({ options }: Pick<Hardware, 'options'>, runs: string, ...args: string[]) {
  return fctorture('run', 'CLOSE01', '--json', '--runs', runs, ...options, ...args)
}

export function fctorture(...words: string[]) {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  return execa(process.execPath, [cli, ...words], { reject: false })
}

/** Resolves when the load of such a run is under way. */
export function loadOf(going: ReturnType<typeof fctorture>): Promise<void> {
  return printed(going, / load \d+\//)
}

/** Resolves when it has said that on stderr; rejects if it ends before. */
export function printed(going: ReturnType<typeof fctorture>, what: RegExp): Promise<void> {
  let text = ''
  return new Promise((resolve, reject) => {
    going.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (what.test(text)) resolve()
    })
    going.stderr.on('end', () => {
      void going.then(({ stdout }) => {
        reject(new Error(`it never said ${String(what)}:\n${text}\n${stdout}`))
      })
    })
  })
}

/** What of a run can be seen on it. */
export function tracesOn(hardware: Hardware): Promise<string> {
  const commands = [
    'ls -d /var/tmp/fctorture.* /srv/fct /mnt/fct /sys/kernel/tracing/instances/* /sys/kernel/config/netconsole/* /etc/exports.d/* 2>/dev/null',
    "grep -E '^(fctorture|nfsd|nfs|lockd|sunrpc|netconsole) ' /proc/modules",
    "grep -E ' (nfs|nfs4|nfsd|rpc_pipefs) |/srv|/mnt' /proc/mounts",
    'pgrep -l -x "node|rpcbind|nfsdcld|rpc.mountd|dmesg"',
    'head -v /proc/sys/fs/leases-enable',
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
