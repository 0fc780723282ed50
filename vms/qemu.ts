import type { Socket } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { FctError } from '../harness/fct-error.js'
import { runProgram } from './program.js'
import { connectQmp, type Qmp } from './qmp.js'

export type Accelerator = 'kvm' | 'tcg'

/** A machine to start. Memory in MiB; disks are opened read-only. */
export interface MachineSpec {
  readonly kernel: string
  readonly initramfs: string
  readonly commandLine: string
  readonly accelerator: Accelerator
  /**
   * Whether emulated CPUs run in threads of their own (the default) or in turn in one: slower, but then the text of a function
   * can be patched while another CPU executes it. No matter under KVM.
   */
  readonly tcgThread?: 'multi' | 'single'
  /** Under TCG each instruction takes 2^this ns of the guest's time, which runs by nothing else. One CPU: with two, Linux never boots. */
  readonly icountShift?: number
  readonly cpus: number
  readonly memoryMiB: number
  readonly disks: readonly string[]
  /** Names of virtio-serial ports; the guest finds them below /sys/class/virtio-ports. */
  readonly ports: readonly string[]
  /** Network cards, in the order in which the guest finds them; none if there are none. */
  readonly wires?: readonly Wire[]
  /** Where the guest's memory is, if it is to outlive the machine. */
  readonly memory?: GuestMemory
}

/** A network card, and what is at the other end of its cable. */
export interface Wire {
  /** The card's hardware address, like 52:54:00:fc:00:01. */
  readonly address: string
  /** One end of a pair of stream sockets, whose other end another machine has; nothing is there without it. The caller closes it. */
  readonly fd?: number
}

/**
 * A folder with a machine that stands still: its memory in the file `memory`, and the rest of it in `state` (snapshot.ts).
 * Who boots or goes on there may be saved there. Who resumes has pages of its own for what it writes, so any number can do so.
 */
export interface GuestMemory {
  readonly folder: string
  readonly use: 'to boot' | 'to go on' | 'to resume'
}

/** A QEMU process of ours. */
export interface Machine extends Emulator {
  /** The guest's serial console. */
  readonly console: NodeJS.ReadableStream
  /** A virtio-serial port; its bytes end when the machine does. */
  port(name: string): Socket
}

/** What every QEMU has, whatever it emulates. */
export interface Emulator {
  /** QEMU's monitor. */
  readonly monitor: Qmp
  /** Resolves when the kernel has panicked and says so: the machine stands still, all that it printed can be read. */
  readonly panicked: Promise<void>
  /** Resolves when QEMU has ended, whatever the reason: its exit status and the last of its stderr. */
  readonly ended: Promise<MachineEnd>
  /** Ends QEMU. Idempotent, never throws. */
  stop(): Promise<void>
}

export interface MachineEnd {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stderr: string
}

const emulator = 'qemu-system-x86_64'

/** The first line of QEMU's own words on its version: a saved machine is for the same QEMU. */
export async function emulatorVersion(): Promise<string> {
  const version = await runProgram(emulator, ['--version'], {
    code: 'FCT_QEMU_MISSING',
    doing: 'asking QEMU',
  })
  return version.split('\n')[0] ?? ''
}

/** QEMU's own, beside the guest's ports. */
const monitorPort = 'qmp'

/**
 * Starts QEMU and resolves when it can be asked. It shares nothing with us but descriptors, so nothing is left behind, whoever
 * is killed.
 *
 * @throws FctError FCT_QEMU_MISSING, FCT_QEMU_START with QEMU's own words
 */
export async function startMachine(spec: MachineSpec): Promise<Machine> {
  return startEmulator(machineArguments(spec), spec.ports, {
    folder: spec.memory?.folder,
    wires: wireEnds(spec),
  })
}

/**
 * A QEMU with these arguments, and the monitor's.
 *
 * @param ports Names of channels that the arguments speak of, by `channelArguments`.
 * @param folder Where it works.
 * @param wires Descriptors that it gets behind its channels.
 * @throws As startMachine
 */
export async function startEmulator(
  args: readonly string[],
  ports: readonly string[],
  { folder = '/', wires = [] }: { folder?: string | undefined; wires?: 9[] } = {},
): Promise<Machine> {
  const names = [...ports, monitorPort]
  const qemu = spawnQemu([...args, ...monitorArguments(ports)], { channels: names.length, folder, wires })
  const ended = endOf(qemu)
  const stop = async (): Promise<void> => {
    qemu.kill('SIGKILL')
    await ended.catch(() => undefined)
  }
  const channels = new Map(names.map((name, index) => [name, qemu.stdio[firstChannel + index]]))
  const port = (name: string): Socket => portOf(channels, name)
  try {
    const refused = ended.then(refuse)
    // A monitor that breaks off and a QEMU that ends are one event; QEMU's last words say why.
    const monitor = await Promise.race([connectQmp(port(monitorPort)).catch(() => refused), refused])
    return { console: qemu.stdout, port, monitor, panicked: panicOf(monitor), ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What QEMU has written before it told is read before it answers the next question. */
function panicOf(monitor: Qmp): Promise<void> {
  return new Promise((resolve) => {
    monitor.onEvent('GUEST_PANICKED', () => {
      monitor.execute('query-status').then(
        () => {
          resolve()
        },
        () => undefined,
      )
    })
  })
}

/** Descriptors of QEMU's behind its stdin, stdout and stderr: one end of a pair of sockets each. */
const firstChannel = 3

/** Descriptors of ours that QEMU gets as well, behind its channels. The types of execa know the first ten alone. */
function wireEnds({ wires = [] }: MachineSpec): 9[] {
  return wires.flatMap(({ fd }) => (fd ?? []) as 9)
}

type QemuProcess = ReturnType<typeof spawnQemu>

function spawnQemu(
  args: readonly string[],
  { channels, folder, wires }: { channels: number; folder: string; wires: 9[] },
) {
  // setpriv: should fctorture be killed, the kernel ends QEMU with it.
  return execa('setpriv', ['--pdeathsig', 'KILL', '--', emulator, ...args], {
    reject: false,
    buffer: false,
    stdio: ['ignore', 'pipe', 'pipe', ...Array<'pipe'>(channels).fill('pipe'), ...wires],
    stripFinalNewline: false,
    // A session of its own: Ctrl-C is for fctorture, which ends QEMU when it has kept what there is.
    detached: true,
    // Where `exec:` of a migration finds its file, whatever the folder is called.
    cwd: folder,
  })
}

function channelArguments(name: string, index: number): string[] {
  return ['-chardev', `socket,id=${name},fd=${String(firstChannel + index)}`]
}

function monitorArguments(ports: readonly string[]): string[] {
  return [...channelArguments(monitorPort, ports.length), '-mon', `chardev=${monitorPort},mode=control`]
}

/** A CPU with erms would have Linux clear and copy with `rep stosb` and `rep movsb`, which are emulated byte by byte. */
export const emulatedCpu = 'max,-erms,-fsrm'

/**
 * What any kernel is told, for the sake of the emulator. Nobody attacks a guest by speculation, and every indirect call is slower
 * with a mitigation. tsc=reliable: Linux distrusts an emulated TSC and reads the HPET instead, one virtual CPU at a time.
 *
 * Where one CPU patches what another runs, QEMU 7.2 may go on with an int3 that is gone: 6.12 and 7.3 die of it, 6.1 and older
 * run into it for ever. So there is one CPU while the kernel boots, which patches its clock (maxcpus; `guest/init` starts the
 * others). And the scheduler is left alone, which the first event that anybody enables has patched for the names of tasks, and the
 * last that goes patched back: this one (trace_event) is enabled by the boot, and occurs in it alone.
 */
export const emulatedParameters = 'mitigations=off tsc=reliable maxcpus=1 trace_event=initcall:initcall_level'

/**
 * QEMU's arguments, but for its monitor. q35, because microvm was slow or mute; no network card, so that no option ROM runs.
 */
export function machineArguments(spec: MachineSpec): string[] {
  return [
    ...['-M', 'q35', ...accelerationArguments(spec), '-smp', String(spec.cpus), '-m', String(spec.memoryMiB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none', '-no-reboot'],
    ...['-kernel', spec.kernel, '-initrd', spec.initramfs, '-append', spec.commandLine],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    // A kernel that panics stands still, and tells before where things are in its memory.
    ...['-device', 'pvpanic', '-action', 'panic=pause', '-device', 'vmcoreinfo'],
    ...spec.disks.flatMap(diskArguments),
    ...spec.ports.flatMap(channelArguments),
    ...wireArguments(spec),
    ...spec.ports.flatMap((name) => ['-device', `virtserialport,chardev=${name},name=${name}`]),
    ...(spec.memory ? memoryArguments(spec.memory, spec.memoryMiB) : []),
  ]
}

function accelerationArguments({ accelerator, tcgThread = 'multi', icountShift }: MachineSpec): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host']
  const tcg = (thread: string): string[] => ['-accel', `tcg,thread=${thread}`, '-cpu', emulatedCpu]
  if (icountShift === undefined) return tcg(tcgThread)
  return [...tcg('single'), '-icount', `shift=${String(icountShift)}`]
}

/** A card without a cable hangs on a hub of its own. Without its option ROM, because nobody boots from it. */
function wireArguments(spec: MachineSpec): string[] {
  let next = firstChannel + spec.ports.length + 1
  return (spec.wires ?? []).flatMap(({ address, fd }, index) => {
    const id = `wire${String(index)}`
    const end =
      fd === undefined ? `hubport,id=${id},hubid=${String(index)}` : `socket,id=${id},fd=${String(next++)}`
    return ['-netdev', end, '-device', `virtio-net-pci,netdev=${id},mac=${address},romfile=`]
  })
}

export function memoryArguments({ folder, use }: GuestMemory, mib: number): string[] {
  const path = join(folder, 'memory').replaceAll(',', ',,')
  const share = use === 'to resume' ? 'off' : 'on'
  return [
    ...['-object', `memory-backend-file,id=ram,size=${String(mib)}M,mem-path=${path},share=${share}`],
    ...['-machine', 'memory-backend=ram'],
    ...(use === 'to boot' ? [] : ['-incoming', 'defer']),
  ]
}

function diskArguments(path: string, index: number): string[] {
  const id = `disk${String(index)}`
  const file = path.replaceAll(',', ',,')
  return [
    ...['-drive', `file=${file},if=none,id=${id},format=raw,read-only=on`],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ]
}

async function endOf(qemu: QemuProcess): Promise<MachineEnd> {
  const lines: string[] = []
  qemu.stderr.on('data', (chunk: Buffer) => {
    lines.push(chunk.toString())
    lines.splice(0, lines.length - 50)
  })
  const result = await qemu
  if (result.code === 'ENOENT')
    throw new FctError('FCT_QEMU_MISSING', 'setpriv or QEMU is not installed', installHint)
  return { exitCode: result.exitCode, signal: result.signal, stderr: lines.join('').trim() }
}

const installHint = 'npx fctorture setup installs them (packages qemu-system-x86 and util-linux)'

function refuse(end: MachineEnd): never {
  if (/failed to execute|No such file or directory/.test(end.stderr) && end.stderr.includes('setpriv')) {
    throw new FctError('FCT_QEMU_MISSING', `${emulator} is not installed`, installHint)
  }
  throw new FctError('FCT_QEMU_START', `QEMU ended at its start (exit ${String(end.exitCode)})`, end.stderr)
}

function portOf(channels: ReadonlyMap<string, unknown>, name: string): Socket {
  const channel = channels.get(name)
  if (channel === undefined) throw new TypeError(`this machine has no port ${name}`)
  return channel as Socket
}
