import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { chooseAccelerator } from '../../vms/accelerator.js'
import type { GuestImages } from '../../vms/guest-images.js'
import {
  emulatedParameters,
  startMachine,
  type Emulator,
  type GuestMemory,
  type MachineEnd,
  type MachineSpec,
} from '../../vms/qemu.js'
import { resumeMachine, saveMachine } from '../../vms/snapshot.js'
import { connectAgent, type Agent } from '../agent/agent-client.js'
import { examine, type Autopsy, type AutopsyWishes } from './autopsy/autopsy.js'
import { within } from './deadline.js'
import { Lockups } from './lockups.js'
import { controlPort, tracePort } from '../agent/protocol.js'
import { FctError } from '../fct-error.js'
import {
  consoleTail,
  KernelFault,
  TargetLost,
  TargetTimeout,
  type Target,
  type TargetDescription,
} from './target.js'

const readyLimitMs = 120_000
const tailBytes = 64 * 1024
const lastWordsMs = 30_000
const printLimitMs = 10_000

/**
 * oops=panic, panic=-1: a guest whose kernel has gone wrong says so to QEMU, which stops it, and once it may go on it ends, with
 * the reason as its last words; one that has no driver for the former ends at once.
 */
export function commandLineOf({ kernelParameters }: Pick<GuestImages, 'kernelParameters'>): string {
  return `console=ttyS0,115200 oops=panic panic=-1 ${emulatedParameters} ${kernelParameters}`.trim()
}

/** A guest that can be saved, if it was created for that. */
export interface QemuTarget extends Required<Target> {
  /** Ends the guest, and leaves what another can resume from in the folder of its memory. */
  save(): Promise<void>
}

/** A QEMU guest of our own, from images that stand ready; it runs when this resolves if it resumes. */
export async function createQemuTarget(
  images: GuestImages,
  signal: AbortSignal,
  options: Pick<MachineSpec, 'tcgThread' | 'icountShift' | 'memory' | 'wires'> = {},
): Promise<QemuTarget> {
  const { accelerator, reason } = await chooseAccelerator(images.kernel, images.probeInitramfs)
  signal.throwIfAborted()
  const spec: MachineSpec = {
    kernel: images.kernel,
    initramfs: images.initramfs,
    commandLine: commandLineOf(images),
    accelerator,
    ...options,
    cpus: options.icountShift === undefined ? 2 : 1,
    memoryMiB: 2048,
    disks: [images.rootfs, images.modules, images.underTest],
    ports: [controlPort, tracePort],
  }
  const machine = await startMachine(spec)
  if (doesGoOn(spec.memory)) await resumeOrStop(machine)
  return new Guest({
    machine,
    agent: connectAgent(machine.port(controlPort)),
    stream: (name) => machine.port(name),
    description: { kind: 'qemu', accel: accelerator, reason, ...spec },
    resumes: doesGoOn(spec.memory),
    save: () => saveMachine(machine),
  })
}

export function doesGoOn(memory: GuestMemory | undefined): boolean {
  return memory !== undefined && memory.use !== 'to boot'
}

export async function resumeOrStop(machine: Emulator): Promise<void> {
  try {
    await resumeMachine(machine)
  } catch (error) {
    await machine.stop()
    throw error
  }
}

/** What a guest is to its target. */
export interface GuestOptions {
  readonly machine: Emulator & { readonly console: NodeJS.ReadableStream }
  readonly agent: Agent
  readonly stream: (name: string) => Readable
  readonly description: TargetDescription
  /** Whether it has been running already, so that there is no boot to wait for. */
  readonly resumes: boolean
  readonly save: () => Promise<void>
  /** As in Target. */
  readonly patience?: number
}

export class Guest implements QemuTarget {
  readonly description: TargetDescription
  readonly patience: number
  readonly ended: Promise<void>
  readonly hung: Promise<string>
  readonly #options: GuestOptions
  readonly #lockups: Lockups
  #tail = ''
  #hasPanicked = false
  #end: MachineEnd | undefined

  constructor(options: GuestOptions) {
    const { kind, accel, reason, cpus, memoryMiB, commandLine: line } = options.description
    this.description = { kind, accel, reason, cpus, memoryMiB, commandLine: line }
    this.patience = options.patience ?? 1
    this.#options = options
    const gone = options.machine.ended.then((end) => {
      this.#end = end
    })
    const panicked = options.machine.panicked.then(() => {
      this.#hasPanicked = true
    })
    this.ended = Promise.race([gone, panicked])
    this.#lockups = new Lockups((listener) => {
      this.onConsole(listener)
    })
    this.hung = this.#lockups.convinced
    this.onConsole((chunk) => {
      this.#tail = (this.#tail + Buffer.from(chunk).toString()).slice(-tailBytes)
    })
  }

  async start(): Promise<Agent> {
    return this.#options.resumes ? this.#options.agent : this.#boot()
  }

  async #boot(): Promise<Agent> {
    const { agent } = this.#options
    const limit = new AbortController()
    const tooLate = delay(readyLimitMs * this.patience, undefined, { signal: limit.signal }).then(() => {
      throw new TargetTimeout('FCT_GUEST_NOT_READY', readyMessage, consoleTail(this.#tail))
    })
    const died = this.ended.then(() => {
      throw this.fault()
    })
    try {
      await Promise.race([agent.hello, tooLate, died])
    } catch (error) {
      throw await this.#explain(error)
    } finally {
      limit.abort()
      for (const pending of [tooLate, died]) pending.catch(() => undefined)
    }
    return agent
  }

  /** A channel that ends and a machine that dies are one event; the machine knows better why. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof FctError) || error.code !== 'FCT_AGENT_LOST') return error
    await within(this.ended, lastWordsMs, () => error)
    return this.fault()
  }

  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#options.machine.console.on('data', listener)
  }

  stream(name: string): Readable {
    return this.#options.stream(name)
  }

  stuckWithin(ms: number): string | undefined {
    return this.#lockups.within(ms)
  }

  fault(): FctError {
    const { exitCode, signal, stderr } = this.#end ?? { exitCode: 0, signal: undefined, stderr: '' }
    if (signal !== undefined)
      return new TargetLost('FCT_GUEST_LOST', endedBy(signal, stderr), consoleTail(this.#tail))
    if (exitCode !== 0) return new FctError('FCT_QEMU_DIED', `QEMU failed (exit ${String(exitCode)})`, stderr)
    const fault = judgeConsole(this.#tail)
    return this.#hasPanicked && !(fault instanceof KernelFault) ? silentPanic() : fault
  }

  autopsy(into: string, wishes: AutopsyWishes): Promise<Autopsy> {
    // QEMU writes some of it, and works in a folder of its own.
    return examine(this.#options.machine.monitor, resolve(into), wishes)
  }

  async save(): Promise<void> {
    await this.#options.save()
  }

  async stop(): Promise<void> {
    if (this.#hasPanicked) await this.#letPrint().catch(() => undefined)
    await this.#options.machine.stop()
  }

  /** What is left of its messages is printed behind the place where QEMU stopped it; then it ends. */
  async #letPrint(): Promise<void> {
    await this.#options.machine.monitor.execute('cont')
    await within(this.#options.machine.ended, printLimitMs, () => new Error('it still prints'))
  }
}

/** An assertion of QEMU's tells on stderr which one it is. */
function endedBy(signal: string, stderr: string): string {
  const said = stderr.split('\n').at(-1) ?? ''
  return `QEMU was ended by ${signal}${said === '' ? '' : `: ${said}`}`
}

/** Another CPU had the console, and nothing of why has come. */
function silentPanic(): KernelFault {
  return new KernelFault(
    'FCT_GUEST_KERNEL_FAULT',
    "the guest's kernel died: it panicked before it could print why",
  )
}

/** Why a guest ended, by the last it printed. */
export function judgeConsole(tail: string): KernelFault | TargetLost {
  const splat = /Kernel panic|Oops:|BUG: /.exec(tail)
  if (splat !== null) {
    const [line] = tail.slice(splat.index).split('\n')
    return new KernelFault('FCT_GUEST_KERNEL_FAULT', `the guest's kernel died: ${line?.trim() ?? ''}`)
  }
  const last = /^fct-init: (?!probe)(.+)$/m.exec(tail)?.[1]?.trim()
  if (last === undefined)
    return new TargetLost('FCT_GUEST_LOST', 'the guest ended without a word', consoleTail(tail))
  return new TargetLost('FCT_AGENT_LOST', `the guest gave up: ${last}`, consoleTail(tail))
}

const readyMessage = `the guest's agent did not speak within ${String(readyLimitMs / 1000)} s`
