import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../harness/folders.js'

const downloads = ['source', 'nfsd-source', 'chroot', 'rootfs', 'modules', 'resolved']

/** What a cache of one's own may share with this machine's: what is downloaded or takes minutes, and stays as it is. */
export const borrowable = {
  kernels: ['kernel', ...downloads],
  /** For kernels that shall be built again, from objects that were compiled before. */
  objects: ['ccache', ...downloads],
}

/** A cache of one's own below `home` ($XDG_CACHE_HOME) that shares some kinds of entries with this machine's cache. */
export async function borrowCache(home: string, kinds = borrowable.kernels): Promise<void> {
  const cache = join(home, 'fctorture')
  await mkdir(cache, { recursive: true })
  for (const kind of kinds) {
    await mkdir(join(cacheFolder(), kind), { recursive: true })
    await symlink(join(cacheFolder(), kind), join(cache, kind))
  }
}

/** Does something with the cache below `home`. */
export async function inCache<T>(home: string, work: () => Promise<T>): Promise<T> {
  const before = process.env['XDG_CACHE_HOME']
  process.env['XDG_CACHE_HOME'] = home
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env['XDG_CACHE_HOME']
    else process.env['XDG_CACHE_HOME'] = before
  }
}
