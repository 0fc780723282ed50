import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { hashOf, type BuildContext } from '../../vms/cache.js'
import {
  deterministicArguments,
  instructionShift,
  startDeterministicMachine,
  type DeterministicMachine,
  type DeterministicSpec,
} from '../../vms/deterministic-machine.js'
import type { RamImages } from '../../vms/guest-images.js'
import { countFromZero } from '../../vms/instruction-count.js'
import { emulatorVersion, type GuestMemory, type MachineEnd } from '../../vms/qemu.js'
import { runProgram } from '../../vms/program.js'
import { loadMachine, saveStandingMachine } from '../../vms/snapshot.js'
import { hearAgent } from '../agent/agent-client.js'
import { controlPort, tracePort, type ScriptedRequest } from '../agent/protocol.js'
import { prepare, stage, type DrivePlan, type Preparation } from './drive.js'
import { commandLineOf, doesGoOn, Guest, resumeOrStop, type QemuTarget } from './qemu-target.js'
import { scriptOfPreparation, scriptOfRun } from './script.js'
import { withSaved, type Saving, type StandingGuest, type StandingObserver } from './standing-guest.js'

/** An hour of the host's for what takes minutes in the guest is not too much where the host has other things to do. */
const patience = 10

/** All that decides what a guest does, by name: texts, or hashes of files and of what is long. What differs is named by it. */
export type DeterministicInputs = Readonly<Record<string, string>>

/**
 * A guest of one CPU that stands ready for a run, and does it by itself, the same way each time (vms/deterministic-machine.ts).
 * It goes on from where it was saved. What was saved is the same as well, whoever made it.
 *
 * @param recordInto A file for QEMU's recording of it.
 * @throws What a boot and its preparation throw, and FCT_SNAPSHOT_FAILED
 */
export async function createDeterministicGuest(
  images: RamImages,
  plan: DrivePlan,
  context: BuildContext,
  observer: StandingObserver,
  recordInto?: string,
): Promise<StandingGuest> {
  return withSaved(await ready(images, plan, observer), context, async (folder, { standing }) => {
    const memory = { folder, use: 'to resume' } as const
    const target = await createDeterministicTarget(images, scriptOfRun(plan), memory, recordInto)
    return { target, standing, folder }
  })
}

/** A machine that does again what was recorded, as gdb lets it: it stands still where the recording begins. */
export interface ReplayMachine {
  stop(): Promise<void>
}

/** Starts such machines, one after the other. */
export interface ReplayStarter {
  /** Of the kernel and its modules: as /proc/kallsyms has them. */
  readonly symbols: string
  /** @param gdb The Unix socket at which gdb finds it. */
  start(gdb: string): Promise<ReplayMachine>
}

/** @param recording A file that `createDeterministicGuest` has had recorded, with the same inputs */
export async function prepareReplay(
  images: RamImages,
  plan: DrivePlan,
  context: BuildContext,
  recording: string,
): Promise<ReplayStarter> {
  const observer = { onPhase: () => undefined, onConsole: () => undefined }
  return withSaved(await ready(images, plan, observer), context, async (folder) => {
    const spec = specOf(images, scriptOfRun(plan), { folder, use: 'to resume' })
    return {
      symbols: await readFile(join(folder, symbolsName), 'utf8'),
      start: async (gdb) => {
        const machine = await startDeterministicMachine({
          ...spec,
          gdb,
          recording: { path: recording, use: 'replay' },
        })
        try {
          await loadMachine(machine)
        } catch (error) {
          await machine.stop()
          throw error
        }
        // What it writes is known already.
        machine.console.resume()
        for (const name of spec.ports) machine.output(name).resume()
        return machine
      },
    }
  })
}

const symbolsName = 'kallsyms'

/** What such a guest would start from; one is saved for it if none is yet. */
export async function deterministicInputs(
  images: RamImages,
  plan: DrivePlan,
  context: BuildContext,
  observer: StandingObserver,
): Promise<DeterministicInputs> {
  const spec = specOf(images, [], { folder: '', use: 'to resume' })
  const named = { ...spec, kernel: 'kernel', initramfs: 'initramfs' }
  const { module, agent, addon } = images.hashes
  return {
    kernel: await hashOfContent(images.kernel),
    initramfs: await hashOfContent(images.initramfs),
    ...{ module, agent, addon },
    'command line': spec.commandLine,
    QEMU: await emulatorVersion(),
    'QEMU arguments': deterministicArguments(named, '').join(' '),
    preparation: hashOf(scriptOfPreparation(plan)),
    plan: hashOf(scriptOfRun(plan)),
    'saved guest': await withSaved(await ready(images, plan, observer), context, hashOfMemory),
  } as DeterministicInputs
}

/** Of what was saved only the memory: how long it took on this host stands in the rest. */
async function hashOfMemory(folder: string): Promise<string> {
  const note = join(folder, 'memory.sha256')
  const known = await readFile(note, 'utf8').catch(() => '')
  if (known !== '') return known
  const hash = await hashOfContent(join(folder, 'memory'))
  await writeFile(note, hash)
  return hash
}

const contents = new Map<string, Promise<string>>()

/** Of files in the cache, which do not change. */
function hashOfContent(path: string): Promise<string> {
  const known = contents.get(path) ?? sha256(path)
  contents.set(path, known)
  return known
}

async function sha256(path: string): Promise<string> {
  const failure = { code: 'FCT_REPLAY_HASH', doing: `hashing ${path}` } as const
  return (await runProgram('sha256sum', [path], failure)).split(' ')[0] ?? ''
}

async function ready(images: RamImages, plan: Preparation, observer: StandingObserver): Promise<Saving> {
  const script = scriptOfPreparation(plan)
  const initramfs = basename(dirname(images.initramfs))
  let into = ''
  return {
    inputs: {
      recipe: 3,
      emulator: await emulatorVersion(),
      kernel: images.hashes['kernel'],
      initramfs,
      commandLine: deterministicCommandLine(images),
      script,
    },
    title: 'deterministic guest that stands ready',
    observer,
    start: async (folder) => {
      observer.onPhase('booting')
      into = folder
      return {
        target: await createDeterministicTarget(images, script, { folder, use: 'to boot' }),
        console: '',
      }
    },
    work: async (watch, agent) => {
      await stage(watch, agent, plan.stage)
      let symbols = Buffer.alloc(0)
      agent.onNotice((notice) => {
        if (notice.notice === 'symbols') symbols = gunzipSync(Buffer.from(notice.gzip, 'base64'))
      })
      const prepared = await prepare(watch, agent, plan.prepare)
      await writeFile(join(into, symbolsName), symbols)
      return prepared
    },
  }
}

function deterministicCommandLine({ kernelParameters }: RamImages): string {
  return commandLineOf({ kernelParameters: `preempt=full nokaslr ${kernelParameters}` })
}

/** The machine that works through a script. */
export function specOf(
  images: RamImages,
  script: readonly ScriptedRequest[],
  memory: GuestMemory,
): DeterministicSpec {
  return {
    kernel: images.kernel,
    initramfs: images.initramfs,
    commandLine: deterministicCommandLine(images),
    memoryMiB: 2048,
    ports: [controlPort, tracePort],
    script: JSON.stringify(script),
    memory,
  }
}

/** A guest that works through a script, and ends or stops with it. */
export async function createDeterministicTarget(
  images: RamImages,
  script: readonly ScriptedRequest[],
  memory: GuestMemory,
  recordInto?: string,
): Promise<QemuTarget> {
  const recording = recordInto === undefined ? undefined : ({ path: recordInto, use: 'record' } as const)
  const spec = { ...specOf(images, script, memory), recording }
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
      await countFromZero(join(memory.folder, 'state'), instructionShift)
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
