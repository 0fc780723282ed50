import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { command } from './command.js'

/** The disk with what is under test, and where it is to be found once it is mounted. */
const disk = '/dev/vdc'
const place = process.env['FCTORTURE_PLACE']
const folder = place === undefined ? '/fct/under-test' : `${place}/under-test`
const nfsd = `${folder}/nfsd.ko`

export const testModule = `${folder}/fctorture.ko`

/**
 * Finds fctorture.ko, and puts an nfsd.ko of the host's in the place of the kernel's own. On a machine that is not ours
 * fctorture.ko lies ready, and nfsd is its own.
 */
export async function mountUnderTest(): Promise<void> {
  if (place !== undefined) return
  await mkdir(folder)
  await command('FCT_GUEST_MOUNT', 'mount', '-t', 'erofs', '-o', 'ro', disk, folder)
  if (!existsSync(nfsd)) return
  const packaged = (await command('FCT_GUEST_MOUNT', 'modinfo', '-n', 'nfsd')).trim()
  await command('FCT_GUEST_MOUNT', 'mount', '-o', 'bind', nfsd, packaged)
}
