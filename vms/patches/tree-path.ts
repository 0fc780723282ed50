import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { refuse } from './refusal.js'
import type { Origin } from './patch.js'

/**
 * The path of a name in a diff header, relative to the tree.
 *
 * Refused are names that leave the tree or reach into git's own folder, and names that no kernel source has (blanks, quotes,
 * anything but ASCII), so that git's quoting of names need not be understood.
 */
export function toTreePath(name: string, strip: number, origin: Origin): string {
  if (!/^[\x21-\x7e]+$/.test(name) || /["\\]/.test(name)) throw badPath(name, 'is no plain file name', origin)
  if (name.startsWith('/')) throw badPath(name, 'is absolute', origin)
  const parts = name.split('/').slice(strip)
  if (parts.length === 0) throw badPath(name, `has too few parts for -p${strip}`, origin)
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') throw badPath(name, 'leaves the tree', origin)
    if (part.toLowerCase() === '.git') throw badPath(name, 'is inside .git', origin)
  }
  return parts.join('/')
}

function badPath(name: string, reason: string, origin: Origin): FctError {
  return refuse('FCT_PATCH_PATH', origin, `the path ${name} ${reason}`)
}

/** What stands at a path of a tree: a regular file with its mode, or nothing. Symbolic links on the way are refused. */
export async function inspect(
  tree: string,
  path: string,
): Promise<{ mode: number; size: number } | undefined> {
  const parts = path.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const info = await lstat(join(tree, ...parts.slice(0, count))).catch(ignoreMissing)
    if (info === undefined) return undefined
    const isLast = count === parts.length
    if (isLast ? info.isFile() : info.isDirectory()) {
      if (isLast) return { mode: info.mode & 0o777, size: info.size }
      continue
    }
    const here = parts.slice(0, count).join('/')
    throw new FctError(
      'FCT_PATCH_PATH',
      `${path}: ${here} is ${info.isSymbolicLink() ? 'a symbolic link' : 'not what a patch can change'} in ${tree}`,
    )
  }
  return undefined
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

/** The tree itself may be reached through a link; what is below it may not. @throws FctError FCT_PATCH_NO_TREE */
export async function resolveTree(tree: string): Promise<string> {
  return realpath(tree).catch((error: unknown) => {
    throw new FctError('FCT_PATCH_NO_TREE', `${tree}: no source tree to patch`, String(error), {
      cause: error,
    })
  })
}
