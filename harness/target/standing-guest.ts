import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { obtain, type BuildContext } from '../../vms/cache.js'
import type { GuestImages } from '../../vms/guest-images.js'
import { emulatorVersion, type GuestMemory } from '../../vms/qemu.js'
import type { Prepared, PrepareParams } from '../agent/protocol.js'
import { prepare, type DriveObserver } from './drive.js'
import { createQemuTarget } from './qemu-target.js'
import { guarded } from './watch.js'

/** A guest that was booted and prepared, and then saved: runs begin with it instead of a boot. */
export interface StandingGuest {
  readonly memory: GuestMemory
  readonly prepared: Prepared
}

export interface StandingObserver extends Pick<DriveObserver, 'onPhase'> {
  /** All that the guest has printed until it was saved, also if that was long ago. */
  onConsole(chunk: Uint8Array): void
}

/**
 * The guest of these images that is prepared like this, booted first if there is none yet.
 *
 * @throws What a boot and its preparation throw, and FCT_SNAPSHOT_FAILED
 */
export async function obtainStandingGuest(
  images: GuestImages,
  params: PrepareParams,
  context: BuildContext,
  observer: StandingObserver,
): Promise<StandingGuest> {
  const heard: Uint8Array[] = []
  const onConsole = (chunk: Uint8Array): void => {
    heard.push(chunk)
    observer.onConsole(chunk)
  }
  const build = async (folder: string, signal: AbortSignal): Promise<void> => {
    await save(images, params, folder, signal, { ...observer, onConsole })
    await writeFile(join(folder, 'console.txt'), Buffer.concat(heard))
  }
  const { kernel, initramfs, rootfs, modules, kernelParameters, hashes } = images
  const parts = [kernel, initramfs, rootfs, modules].map((path) => basename(dirname(path)))
  const inputs = { recipe: 1, emulator: await emulatorVersion(), parts, kernelParameters, hashes, params }
  const folder = await obtain({ kind: 'guest', inputs, title: 'guest that stands ready', build }, context)
  if (heard.length === 0) observer.onConsole(await readFile(join(folder, 'console.txt')))
  const prepared = JSON.parse(await readFile(join(folder, 'prepared.json'), 'utf8')) as Prepared
  return { memory: { folder, use: 'to resume' }, prepared }
}

async function save(
  images: GuestImages,
  params: PrepareParams,
  folder: string,
  signal: AbortSignal,
  observer: StandingObserver,
): Promise<void> {
  const target = await createQemuTarget(images, signal, { memory: { folder, use: 'to save' } })
  target.onConsole((chunk) => {
    observer.onConsole(chunk)
  })
  try {
    const watch = { target, signal }
    const agent = await guarded(watch, target.start())
    const prepared = await prepare(watch, agent, params, observer)
    await target.save()
    await writeFile(join(folder, 'prepared.json'), JSON.stringify(prepared))
  } finally {
    await target.stop()
  }
}
