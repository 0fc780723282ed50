import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { discard, obtain, type BuildContext, type Recipe } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import { emulatorVersion } from '../../vms/qemu.js'
import type { Prepared, PrepareParams } from '../agent/protocol.js'
import { FctError } from '../fct-error.js'
import { prepare, type DriveObserver } from './drive.js'
import { createQemuTarget, type QemuTarget } from './qemu-target.js'
import { guarded } from './watch.js'

/** A guest that goes on from where one was saved that had been booted and prepared. */
export interface StandingGuest {
  readonly target: QemuTarget
  readonly prepared: Prepared
  /** Where the saved one is. */
  readonly folder: string
}

export interface StandingObserver extends Pick<DriveObserver, 'onPhase'> {
  /** All that the guest had printed until it was saved, also if that was long ago. */
  onConsole(chunk: Uint8Array): void
}

/** What an entry of the cache holds beside the machine itself. */
interface Papers {
  readonly prepared: Prepared
  readonly console: string
  /** Of the files that QEMU reads: whoever changed one since has damaged it. */
  readonly seal: string
}

/**
 * A guest of these images that is prepared like this, from a saved one; that is booted first if there is none yet, and anew
 * if it is damaged.
 *
 * @throws What a boot and its preparation throw, and FCT_SNAPSHOT_FAILED
 */
export async function createStandingGuest(
  images: GuestImages,
  params: PrepareParams,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StandingGuest> {
  const made = { now: false }
  const build = async (folder: string, signal: AbortSignal): Promise<void> => {
    made.now = true
    await save(images, params, folder, signal, observer)
  }
  const inputs = await inputsOf(images, params)
  const recipe: Recipe = { kind: 'guest', inputs, title: 'guest that stands ready', build }
  let guest: ResumedGuest
  try {
    guest = await resume(images, await obtain(recipe, context), context)
  } catch (error) {
    if (made.now || !(error instanceof FctError) || error.code !== 'FCT_SNAPSHOT_FAILED') throw error
    await discard(recipe, context)
    guest = await resume(images, await obtain(recipe, context), context)
  }
  if (!made.now) observer.onConsole(Buffer.from(guest.console))
  return guest
}

interface ResumedGuest extends StandingGuest {
  readonly console: string
}

async function resume(images: GuestImages, folder: string, { signal }: BuildContext): Promise<ResumedGuest> {
  const text = await readFile(join(folder, 'papers.json'), 'utf8')
  const { prepared, console, seal } = JSON.parse(text) as Papers
  if (seal !== (await sealOf(folder)))
    throw new FctError('FCT_SNAPSHOT_FAILED', `somebody has changed the saved guest in ${folder}`)
  const target = await createQemuTarget(images, signal, { memory: { folder, use: 'to resume' } })
  return { target, prepared, folder, console }
}

async function save(
  images: GuestImages,
  params: PrepareParams,
  folder: string,
  signal: AbortSignal,
  observer: StandingObserver,
): Promise<void> {
  const target = await createQemuTarget(images, signal, { memory: { folder, use: 'to save' } })
  const heard: Uint8Array[] = []
  target.onConsole((chunk) => {
    heard.push(chunk)
    observer.onConsole(chunk)
  })
  try {
    const watch = { target, signal }
    const agent = await guarded(watch, target.start())
    const prepared = await prepare(watch, agent, params, observer)
    await target.save()
    const papers = { prepared, console: Buffer.concat(heard).toString(), seal: await sealOf(folder) }
    await writeFile(join(folder, 'papers.json'), JSON.stringify(papers satisfies Papers))
  } finally {
    await target.stop()
  }
}

async function inputsOf(images: GuestImages, params: PrepareParams): Promise<unknown> {
  const { kernel, initramfs, rootfs, modules, kernelParameters, hashes } = images
  const parts = [kernel, initramfs, rootfs, modules].map((path) => basename(dirname(path)))
  return { recipe: 2, emulator: await emulatorVersion(), parts, kernelParameters, hashes, params }
}

async function sealOf(folder: string): Promise<string> {
  const files = await Promise.all(
    ['memory', 'state'].map((name) => stat(join(folder, name), { bigint: true })),
  )
  return files.map(({ size, mtimeNs }) => `${String(size)} ${String(mtimeNs)}`).join(', ')
}
