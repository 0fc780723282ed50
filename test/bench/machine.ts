import { cpus, release, totalmem } from 'node:os'
import { knownAccelerator } from '../../vms/accelerator.js'
import { emulatorVersion } from '../../vms/qemu.js'

/** On what the figures were measured. */
export interface MachineFacts {
  readonly cpu: string
  readonly cpus: number
  readonly memoryMiB: number
  readonly kernel: string
  readonly node: string
  /** QEMU's own words; null if there is none. */
  readonly qemu: string | null
  /** What guests run under; null if nobody has asked yet whether KVM works here. */
  readonly accelerator: string | null
}

export async function describeMachine(): Promise<MachineFacts> {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cpus: all.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    qemu: await emulatorVersion().catch(() => null),
    accelerator: knownAccelerator()?.accelerator ?? null,
  }
}

/** In one line. */
export function formatMachine({ cpu, cpus: count, memoryMiB, ...rest }: MachineFacts): string {
  const { kernel, node, qemu, accelerator } = rest
  const guests = `${qemu ?? 'no QEMU'}, guests under ${accelerator ?? 'what a first run finds'}`
  return `${count} x ${cpu}, ${memoryMiB} MiB, Linux ${kernel}, Node ${node}, ${guests}`
}
