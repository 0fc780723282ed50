import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder, dataFolder } from '../../folders.js'
import { messageOf } from '../../fct-error.js'
import { shellWord } from '../../shell-word.js'
import { ok, unmet, type Check, type Finding } from '../check.js'

/** MiB on disk, measured for debian:6.1: packages 489, their modules 393, root file system 298, two saved guests of 2049. */
const firstKernelMiB = 489 + 393 + 298 + 2 * 2049
/** One more saved guest. */
const nextGuestMiB = 2049
/** The largest run folder of some hundred took 86. */
const runMiB = 100

export const disk: Check = {
  code: 'FCT_DOCTOR_DISK',
  title: 'disk',
  look: () => [
    roomIn(cacheFolder(), hasGuest() ? nextGuestMiB : firstKernelMiB, 'npx fctorture kernel gc --limit 5G'),
    roomIn(dataFolder(), runMiB, `du -sh ${shellWord(join(dataFolder(), 'runs'))}`),
  ],
}

function hasGuest(): boolean {
  const folder = join(cacheFolder(), 'guest')
  return existsSync(folder) && readdirSync(folder).length > 0
}

function roomIn(folder: string, neededMiB: number, mend: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(nearest(folder))
    const freeMiB = Math.floor((bavail * bsize) / 2 ** 20)
    const says = `${folder}: ${freeMiB} MiB free, ${neededMiB} needed`
    return freeMiB >= neededMiB ? ok(says) : unmet(says, mend)
  } catch (error) {
    return unmet(`${folder}: ${messageOf(error)}`, mend)
  }
}

/** The folder, or the nearest above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder))
}
