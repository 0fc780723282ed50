import type { Readable } from 'node:stream'
import type { Agent } from '../agent/agent-client.js'
import { FctError } from '../fct-error.js'
import type { Autopsy, AutopsyWishes } from './autopsy/autopsy.js'

/**
 * A machine that runs the kernel under test.
 *
 * What goes wrong is one of five things, each with its class, because each means something else for the verdict:
 * KernelFault, TargetLost, TargetHung, TargetTimeout, and FctError for trouble of our own.
 */
export interface Target {
  /** `qemu`, with the accelerator that was found to work and why. */
  readonly description: TargetDescription
  /** By how much it may be slower than others are, whose patience is 1. */
  readonly patience?: number
  /** Boots the machine, or lets it go on; resolves when the agent can be asked. */
  start(): Promise<Agent>
  /** Called with every byte the kernel prints, from power-on, also while nothing else works. */
  onConsole(listener: (chunk: Uint8Array) => void): void
  /** A byte stream named by the agent, outside its control channel: raw trace pages travel there. */
  stream(name: string): Readable
  /** Resolves when the machine is gone, whoever ended it, or its kernel has panicked and stands still. */
  readonly ended: Promise<void>
  /** Resolves with what the kernel says of it when a CPU is stuck for good. */
  readonly hung: Promise<string>
  /** What its kernel said of a stuck CPU in the last `ms`, if it did; alone, it may be a host that was busy. */
  stuckWithin(ms: number): string | undefined
  /** Why the machine ended, by what it printed last and how its process ended; to be called after `ended`. */
  fault(): FctError
  /**
   * Looks from outside at a machine that does not talk any more, which stands still meanwhile. Never rejects; says what it
   * could not get. Missing of a machine that nobody can look into.
   *
   * @param into A folder, which is made.
   */
  autopsy?(into: string, wishes: AutopsyWishes): Promise<Autopsy>
  /** Idempotent; a kernel that panicked prints its last before. Afterwards no process and no file of ours is left. */
  stop(): Promise<void>
}

export interface TargetDescription {
  readonly kind: 'qemu' | 'ssh'
  /** `none` on a machine that is not ours. */
  readonly accel: string
  /** Why that accelerator; of a machine that is not ours, its address. */
  readonly reason: string
  readonly cpus: number
  readonly memoryMiB: number
  readonly commandLine: string
}

/** The kernel under test died: a panic or an oops is on the console. */
export class KernelFault extends FctError {}
/** The machine or its agent went away and the console does not say why. */
export class TargetLost extends FctError {}
/** The machine runs, but its kernel does not get on, as it says itself. */
export class TargetHung extends FctError {}
/** The machine lives, but did not answer in time. */
export class TargetTimeout extends FctError {}

/** The last lines of a console, for messages. */
export function consoleTail(text: string, lines = 20): string {
  return text.replaceAll('\r', '').trimEnd().split('\n').slice(-lines).join('\n')
}
