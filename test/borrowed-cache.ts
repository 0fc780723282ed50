import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../harness/folders.js'

/** What is downloaded or takes minutes, and stays as it is. */
const borrowed = ['kernel', 'source', 'nfsd-source', 'chroot', 'rootfs', 'modules', 'resolved']

/** A cache of one's own below `home` ($XDG_CACHE_HOME) that shares what this machine's cache has downloaded. */
export async function borrowCache(home: string): Promise<void> {
  const cache = join(home, 'fctorture')
  await mkdir(cache, { recursive: true })
  for (const kind of borrowed) {
    await mkdir(join(cacheFolder(), kind), { recursive: true })
    await symlink(join(cacheFolder(), kind), join(cache, kind))
  }
}
