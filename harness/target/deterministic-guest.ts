import { basename, dirname } from 'node:path'
import { finished } from 'node:stream/promises'
import type { BuildContext } from '../../vms/cache.js'
import {
  startDeterministicMachine,
  type DeterministicMachine,
  type DeterministicSpec,
} from '../../vms/deterministic-machine.js'
import type { RamImages } from '../../vms/guest-images.js'
import { emulatorVersion, type GuestMemory, type MachineEnd } from '../../vms/qemu.js'
import { saveStandingMachine } from '../../vms/snapshot.js'
import { hearAgent } from '../agent/agent-client.js'
import { controlPort, tracePort, type ScriptedRequest } from '../agent/protocol.js'
import { prepare, stage, type DrivePlan, type Preparation } from './drive.js'
import { commandLine, doesGoOn, Guest, resumeOrStop, type QemuTarget } from './qemu-target.js'
import { scriptOfPreparation, scriptOfRun } from './script.js'
import { withSaved, type Saving, type StandingGuest, type StandingObserver } from './standing-guest.js'

/** An hour of the host's for what takes minutes in the guest is not too much where the host has other things to do. */
const patience = 10

/**
 * A guest of one CPU that stands ready for a run, and does it by itself, the same way each time (vms/deterministic-machine.ts).
 * It goes on from where it was saved. What was saved is the same as well, whoever made it.
 *
 * @throws What a boot and its preparation throw, and FCT_SNAPSHOT_FAILED
 */
export async function createDeterministicGuest(
  images: RamImages,
  plan: DrivePlan,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StandingGuest> {
  return withSaved(await ready(images, plan, observer), context, async (folder, { standing }) => {
    const target = await createTarget(images, scriptOfRun(plan), { folder, use: 'to resume' })
    return { target, standing, folder }
  })
}

async function ready(images: RamImages, plan: Preparation, observer: StandingObserver): Promise<Saving> {
  const script = scriptOfPreparation(plan)
  const initramfs = basename(dirname(images.initramfs))
  return {
    inputs: {
      recipe: 1,
      emulator: await emulatorVersion(),
      kernel: images.hashes['kernel'],
      initramfs,
      commandLine: commandLineOf(images),
      script,
    },
    title: 'deterministic guest that stands ready',
    observer,
    start: async (folder) => {
      observer.onPhase('booting')
      return { target: await createTarget(images, script, { folder, use: 'to boot' }), console: '' }
    },
    work: async (watch, agent) => {
      await stage(watch, agent, plan.stage)
      return prepare(watch, agent, plan.prepare)
    },
  }
}

function commandLineOf({ kernelParameters }: RamImages): string {
  return `${commandLine} preempt=full nokaslr ${kernelParameters}`.trim()
}

async function createTarget(
  images: RamImages,
  script: readonly ScriptedRequest[],
  memory: GuestMemory,
): Promise<QemuTarget> {
  const spec: DeterministicSpec = {
    kernel: images.kernel,
    initramfs: images.initramfs,
    commandLine: commandLineOf(images),
    memoryMiB: 2048,
    ports: [controlPort, tracePort],
    script: JSON.stringify(script),
    memory,
  }
  const machine = await startDeterministicMachine(spec)
  if (doesGoOn(memory)) await resumeOrStop(machine)
  const control = machine.output(controlPort)
  return new Guest({
    machine: { ...machine, ended: endOf(machine) },
    agent: hearAgent(control, script),
    stream: (name) => machine.output(name),
    description: {
      kind: 'qemu',
      accel: 'tcg',
      reason: 'only software emulation counts instructions',
      cpus: 1,
      ...spec,
    },
    resumes: doesGoOn(memory),
    save: async () => {
      await machine.stopped
      await saveStandingMachine(machine)
    },
    patience,
  })
}

/** A machine has ended when all has been heard that it said. */
async function endOf(machine: DeterministicMachine): Promise<MachineEnd> {
  const [end] = await Promise.all([
    machine.ended,
    finished(machine.output(controlPort)),
    finished(machine.console),
  ])
  return end
}
