import { copyFile, readFile, stat, writeFile } from 'node:fs/promises'
import { constants } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { discard, obtain, type BuildContext, type Recipe } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import { emulatorVersion, type GuestMemory, type Wire } from '../../vms/qemu.js'
import type { Agent } from '../agent/agent-client.js'
import type { StageParams } from '../agent/protocol.js'
import { FctError } from '../fct-error.js'
import { clientWires, serverWires } from './cables.js'
import { prepare, stage, type Preparation, type Standing } from './drive.js'
import { createQemuTarget, type QemuTarget } from './qemu-target.js'
import { answerOf, guarded, prepareLimitMs, type Watch } from './watch.js'

/** A guest that goes on from where one was saved. */
export interface StandingGuest {
  readonly target: QemuTarget
  readonly standing: Standing
  /** Where the saved one is. */
  readonly folder: string
}

export interface StandingObserver {
  onPhase(phase: string): void
  /** All that the guest had printed until it was saved, also if that was long ago. */
  onConsole(chunk: Uint8Array): void
}

/**
 * A guest that is ready but for nfsd, for a kernel of somebody's own: what its images have under test is not in it yet.
 *
 * @param ends Of the cables in its network cards, which the scenario's `machines` has it have.
 * @throws What a boot and its staging throw, and FCT_SNAPSHOT_FAILED
 */
export async function createStagedGuest(
  images: GuestImages,
  params: StageParams,
  context: BuildContext,
  observer: StandingObserver,
  ends: readonly number[] = [],
): Promise<StandingGuest> {
  const wires = serverWires(ends.length, ends)
  return resume(await staged(images, params, observer), images, context, wires)
}

/**
 * A machine for clients, with one end of a cable in its network card: it joins a server when it is asked to.
 *
 * @throws What a boot throws, and FCT_SNAPSHOT_FAILED
 */
export async function createStandingClient(
  images: GuestImages,
  end: number,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StandingGuest> {
  return resume(await client(images, observer), images, context, clientWires(end))
}

/**
 * A guest that is prepared like this, with what its images have under test.
 *
 * @throws What a boot and its preparation throw, and FCT_SNAPSHOT_FAILED
 */
export async function createStandingGuest(
  images: GuestImages,
  plan: Preparation,
  context: BuildContext,
  observer: StandingObserver,
  ends: readonly number[] = [],
): Promise<StandingGuest> {
  const wires = serverWires(ends.length, ends)
  return resume(await prepared(images, plan, context, observer), images, context, wires)
}

/** A way to a guest that is saved, once for all that want it. */
interface Saving {
  readonly inputs: unknown
  readonly title: string
  readonly observer: StandingObserver
  /** A guest that may be saved in this folder. */
  start(folder: string, signal: AbortSignal): Promise<BegunGuest>
  /** What is done in it before. */
  work(watch: Watch, agent: Agent): Promise<Standing>
}

interface BegunGuest {
  readonly target: QemuTarget
  /** What it printed before it started here. */
  readonly console: string
}

async function staged(images: GuestImages, params: StageParams, observer: StandingObserver): Promise<Saving> {
  return {
    inputs: { ...(await inputsOf(images)), params },
    title: 'guest that has booted',
    observer,
    start: boot(images, observer, serverWires(params.machines ?? 0)),
    work: async (watch, agent) => {
      observer.onPhase('setting the stage')
      await stage(watch, agent, params)
      return 'staged'
    },
  }
}

async function client(images: GuestImages, observer: StandingObserver): Promise<Saving> {
  return {
    inputs: { ...(await inputsOf(images)), client: true },
    title: 'client that has booted',
    observer,
    start: boot(images, observer, clientWires()),
    work: async (watch, agent) => {
      await answerOf(watch, agent.call('stageClient', null), prepareLimitMs, 'setting the stage')
      return 'staged'
    },
  }
}

/** What makes a machine that has booted what it is. */
async function inputsOf({
  kernel,
  initramfs,
  rootfs,
  modules,
  kernelParameters,
}: GuestImages): Promise<object> {
  const parts = [kernel, initramfs, rootfs, modules].map((path) => basename(dirname(path)))
  return { recipe: 3, emulator: await emulatorVersion(), parts, kernelParameters }
}

function boot(images: GuestImages, observer: StandingObserver, wires: readonly Wire[]): Saving['start'] {
  return async (folder, signal) => {
    observer.onPhase('booting')
    const memory: GuestMemory = { folder, use: 'to boot' }
    return { target: await createQemuTarget(images, signal, { memory, wires }), console: '' }
  }
}

async function prepared(
  images: GuestImages,
  plan: Preparation,
  context: BuildContext,
  observer: StandingObserver,
): Promise<Saving> {
  const before = await staged(images, plan.stage, observer)
  const underTest = basename(dirname(images.underTest))
  return {
    inputs: { before: before.inputs, underTest, params: plan.prepare },
    title: 'guest that stands ready',
    observer,
    start: (folder) =>
      withSaved(before, context, async (saved, { console }) => {
        for (const name of machineFiles)
          await copyFile(join(saved, name), join(folder, name), constants.COPYFILE_FICLONE)
        const wires = serverWires(plan.stage.machines ?? 0)
        return { target: await enter(images, context, { folder, use: 'to go on' }, wires), console }
      }),
    work: (watch, agent) => {
      observer.onPhase('preparing')
      return prepare(watch, agent, plan.prepare)
    },
  }
}

/** What an entry of the cache holds beside the machine itself. */
interface Papers {
  readonly standing: Standing
  readonly console: string
  /** Of the files that QEMU reads: whoever changed one since has damaged it. */
  readonly seal: string
}

const machineFiles = ['memory', 'state']

function resume(
  saving: Saving,
  images: GuestImages,
  context: BuildContext,
  wires: readonly Wire[],
): Promise<StandingGuest> {
  return withSaved(saving, context, async (folder, { standing }) => {
    return { target: await enter(images, context, { folder, use: 'to resume' }, wires), standing, folder }
  })
}

function enter(
  images: GuestImages,
  { signal }: BuildContext,
  memory: GuestMemory,
  wires: readonly Wire[],
): Promise<QemuTarget> {
  return createQemuTarget(images, signal, { memory, wires })
}

/** Uses the saved guest, which is made first if there is none yet, and anew if it is damaged. */
async function withSaved<T>(
  saving: Saving,
  context: BuildContext,
  use: (folder: string, papers: Papers) => Promise<T>,
): Promise<T> {
  const { inputs, title, observer } = saving
  const made = { now: false }
  const build = async (folder: string, signal: AbortSignal): Promise<void> => {
    made.now = true
    await save(saving, folder, signal)
  }
  const recipe: Recipe = { kind: 'guest', inputs, title, build }
  const attempt = async (): Promise<T> => {
    const folder = await obtain(recipe, context)
    const papers = JSON.parse(await readFile(join(folder, 'papers.json'), 'utf8')) as Papers
    if (papers.seal !== (await sealOf(folder)))
      throw new FctError('FCT_SNAPSHOT_FAILED', `somebody has changed the saved guest in ${folder}`)
    const result = await use(folder, papers)
    if (!made.now) observer.onConsole(Buffer.from(papers.console))
    return result
  }
  try {
    return await attempt()
  } catch (error) {
    if (made.now || !(error instanceof FctError) || error.code !== 'FCT_SNAPSHOT_FAILED') throw error
    await discard(recipe, context)
    return attempt()
  }
}

async function save(saving: Saving, folder: string, signal: AbortSignal): Promise<void> {
  const { target, console } = await saving.start(folder, signal)
  const heard: Uint8Array[] = [Buffer.from(console)]
  target.onConsole((chunk) => {
    heard.push(chunk)
    saving.observer.onConsole(chunk)
  })
  try {
    const watch = { target, signal }
    const standing = await saving.work(watch, await guarded(watch, target.start()))
    await target.save()
    const papers = { standing, console: Buffer.concat(heard).toString(), seal: await sealOf(folder) }
    await writeFile(join(folder, 'papers.json'), JSON.stringify(papers satisfies Papers))
  } finally {
    await target.stop()
  }
}

async function sealOf(folder: string): Promise<string> {
  const files = await Promise.all(machineFiles.map((name) => stat(join(folder, name), { bigint: true })))
  return files.map(({ size, mtimeNs }) => `${String(size)} ${String(mtimeNs)}`).join(', ')
}
