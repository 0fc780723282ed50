import { setTimeout as delay } from 'node:timers/promises'
import { chooseAccelerator } from '../../vms/accelerator.js'
import type { GuestImages } from '../../vms/guest-images.js'
import {
  startMachine,
  type GuestMemory,
  type Machine,
  type MachineEnd,
  type MachineSpec,
} from '../../vms/qemu.js'
import { resumeMachine, saveMachine } from '../../vms/snapshot.js'
import { connectAgent, type Agent } from '../agent/agent-client.js'
import { within } from './deadline.js'
import { awaitLockup } from './lockups.js'
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

/**
 * oops=panic, panic=-1: a guest whose kernel has gone wrong ends at once, with the reason as its last words. Nobody attacks
 * a guest by speculation, and every indirect call is slower with a mitigation. tsc=reliable: under emulation Linux distrusts
 * the TSC and reads the HPET instead, one virtual CPU at a time.
 */
const commandLine = 'console=ttyS0,115200 oops=panic panic=-1 mitigations=off tsc=reliable'

/** A guest that can be saved, if it was created for that. */
export interface QemuTarget extends Target {
  /** Ends the guest, and leaves what another can resume from in the folder of its memory. */
  save(): Promise<void>
}

/** A QEMU guest of our own, from images that stand ready; it runs when this resolves if it resumes. */
export async function createQemuTarget(
  images: GuestImages,
  signal: AbortSignal,
  options: Pick<MachineSpec, 'tcgThread' | 'memory'> = {},
): Promise<QemuTarget> {
  const { accelerator, reason } = await chooseAccelerator(images.kernel, images.probeInitramfs)
  signal.throwIfAborted()
  const spec: MachineSpec = {
    kernel: images.kernel,
    initramfs: images.initramfs,
    commandLine: `${commandLine} ${images.kernelParameters}`.trim(),
    accelerator,
    ...options,
    cpus: 2,
    memoryMiB: 2048,
    disks: [images.rootfs, images.modules, images.underTest],
    ports: [controlPort, tracePort],
  }
  const machine = await startMachine(spec)
  if (doesGoOn(spec.memory)) await resumeOrStop(machine)
  return new Guest(machine, { kind: 'qemu', accel: accelerator, reason, ...spec })
}

function doesGoOn(memory: GuestMemory | undefined): boolean {
  return memory !== undefined && memory.use !== 'to boot'
}

async function resumeOrStop(machine: Machine): Promise<void> {
  try {
    await resumeMachine(machine)
  } catch (error) {
    await machine.stop()
    throw error
  }
}

class Guest implements QemuTarget {
  readonly description: TargetDescription
  readonly patienceMs = 60_000
  readonly ended: Promise<void>
  readonly hung: Promise<string>
  readonly #machine: Machine
  readonly #resumes: boolean
  readonly #agent: Agent
  #tail = ''
  #end: MachineEnd | undefined

  constructor(
    machine: Machine,
    { kind, accel, reason, cpus, memoryMiB, commandLine: line, memory }: TargetDescription & MachineSpec,
  ) {
    this.description = { kind, accel, reason, cpus, memoryMiB, commandLine: line }
    this.#machine = machine
    this.#resumes = doesGoOn(memory)
    this.#agent = connectAgent(machine.port(controlPort))
    this.ended = machine.ended.then((end) => {
      this.#end = end
    })
    this.hung = awaitLockup((listener) => {
      this.onConsole(listener)
    })
    this.onConsole((chunk) => {
      this.#tail = (this.#tail + Buffer.from(chunk).toString()).slice(-tailBytes)
    })
  }

  async start(): Promise<Agent> {
    return this.#resumes ? this.#agent : this.#boot()
  }

  async #boot(): Promise<Agent> {
    const limit = new AbortController()
    const tooLate = delay(readyLimitMs, undefined, { signal: limit.signal }).then(() => {
      throw new TargetTimeout('FCT_GUEST_NOT_READY', readyMessage, consoleTail(this.#tail))
    })
    const died = this.ended.then(() => {
      throw this.fault()
    })
    try {
      await Promise.race([this.#agent.hello, tooLate, died])
    } catch (error) {
      throw await this.#explain(error)
    } finally {
      limit.abort()
      for (const pending of [tooLate, died]) pending.catch(() => undefined)
    }
    return this.#agent
  }

  /** A channel that ends and a machine that dies are one event; the machine knows better why. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof FctError) || error.code !== 'FCT_AGENT_LOST') return error
    await within(this.ended, lastWordsMs, () => error)
    return this.fault()
  }

  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#machine.console.on('data', listener)
  }

  stream(name: string): ReturnType<Machine['port']> {
    return this.#machine.port(name)
  }

  fault(): FctError {
    const { exitCode, signal, stderr } = this.#end ?? { exitCode: 0, signal: undefined, stderr: '' }
    if (signal !== undefined)
      return new TargetLost('FCT_GUEST_LOST', `QEMU was ended by ${signal}`, consoleTail(this.#tail))
    if (exitCode !== 0) return new FctError('FCT_QEMU_DIED', `QEMU failed (exit ${String(exitCode)})`, stderr)
    return judgeConsole(this.#tail)
  }

  async save(): Promise<void> {
    await saveMachine(this.#machine)
  }

  async stop(): Promise<void> {
    await this.#machine.stop()
  }
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
