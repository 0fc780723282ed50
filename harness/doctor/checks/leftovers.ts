import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { foldersIn } from '../../../vms/cache-entries.js'
import { cacheFolder } from '../../folders.js'
import { note, ok, type Check } from '../check.js'

/** A living process renews its lock every 5 s (proper-lockfile); so old a lock is nobody's. */
const staleMs = 60_000

/** What processes left in the cache that were killed: none of it does harm, all of it takes room. */
export const leftovers: Check = {
  code: 'FCT_DOCTOR_LEFTOVERS',
  title: 'leftovers',
  look: async () => {
    const kinds = await foldersIn(cacheFolder())
    const names = await Promise.all(
      kinds.map(async (kind) => {
        const inKind = await readdir(join(cacheFolder(), kind)).catch(() => [])
        return inKind.map((name) => join(kind, name)).filter(isLeft)
      }),
    )
    const left = names.flat()
    if (left.length === 0) return [ok('none in the cache')]
    const some = left.slice(0, 5).join(', ')
    const says = `${left.length} in ${cacheFolder()}: ${some}${left.length > 5 ? ' ...' : ''}`
    return [note(says, 'npx fctorture kernel gc')]
  },
}

function isLeft(name: string): boolean {
  const path = join(cacheFolder(), name)
  if (/\.lock$/.test(name)) return isStale(path)
  if (/\.(partial|trash)$/.test(name))
    return !existsSync(path.replace(/\.\w+$/, '.lock')) || isStale(path.replace(/\.\w+$/, '.lock'))
  return false
}

function isStale(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > staleMs
}
