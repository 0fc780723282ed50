import { copyFile, statfs } from 'node:fs/promises'
import { constants, existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { discard, obtain, type BuildContext, type Recipe } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import { emulatorVersion, type GuestMemory, type Wire } from '../../vms/qemu.js'
import type { Agent } from '../agent/agent-client.js'
import type { StageParams } from '../agent/protocol.js'
import { FctError } from '../fct-error.js'
import { clientWires, serverWires } from './cables.js'
import { prepare, stage, type Preparation, type Standing } from './drive.js'
import { commandLineOf, createQemuTarget, type QemuTarget } from './qemu-target.js'
import { isWhole, machineFiles, readPapers, sealOf, writePapers, type Papers } from './saved-guest.js'
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
  /** A guest could not be made ready; it is ended afterwards. */
  onFailure?(target: QemuTarget, error: unknown): Promise<void>
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
export interface Saving {
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
async function inputsOf(images: GuestImages): Promise<object> {
  const { kernel, initramfs, rootfs, modules } = images
  const parts = [kernel, initramfs, rootfs, modules].map((path) => basename(dirname(path)))
  return { recipe: 6, emulator: await emulatorVersion(), parts, commandLine: commandLineOf(images) }
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
export async function withSaved<T>(
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
  let folder = ''
  const attempt = async (): Promise<T> => {
    folder = await obtain(recipe, context)
    const papers = await readPapers(folder)
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
    await discard(folder, context)
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
    await writePapers(folder, { standing, console: Buffer.concat(heard).toString() })
  } catch (error) {
    await saving.observer.onFailure?.(target, error)
    throw await explainFull(error, folder)
  } finally {
    await target.stop()
  }
}

const leastBytes = 4 << 20

/**
 * A disk that is full shows in many ways: the guest's memory is a file, and QEMU dies of a page that cannot be written, or cannot
 * save its state.
 */
async function explainFull(error: unknown, folder: string): Promise<unknown> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= leastBytes) return error
  return new FctError(
    'FCT_DISK_FULL',
    `no space is left in ${folder} to save a guest`,
    'fctorture kernel gc frees some; or point XDG_CACHE_HOME at a larger disk.',
    { cause: error },
  )
}

/**
 * Rules out that a run was what it was because the guest from which it went on is not the one that was saved; if so, that is
 * forgotten, and the next run makes a new one.
 *
 * @param folder Where the saved one is.
 * @returns FCT_SNAPSHOT_DAMAGED; undefined if it is whole, or gone since
 */
export async function examineSaved(folder: string, context: BuildContext): Promise<FctError | undefined> {
  if (!existsSync(folder) || (await isWhole(folder))) return undefined
  await discard(folder, context)
  return new FctError(
    'FCT_SNAPSHOT_DAMAGED',
    'the guest went on from one whose memory is not as it was saved: what came of it says nothing about its kernel',
    `${folder} was damaged and is removed; run it again.`,
  )
}
