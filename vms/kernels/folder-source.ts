import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { KernelSource } from './kernel.js'

/** What a build leaves in a tree: not to be taken for what the next build made. */
const built = /\.(o|ko|a|cmd|mod|mod\.c|order|symvers)$/

/** A source that lies unpacked in a folder, whole or in part. */
export function createFolderSource(folder: string, hash: string, title: string): KernelSource {
  const options = { recursive: true, preserveTimestamps: true, filter: (path: string) => !built.test(path) }
  const copy = async (path: string, into: string): Promise<void> => {
    if (!existsSync(join(folder, path))) return
    await mkdir(dirname(join(into, path)), { recursive: true })
    await cp(join(folder, path), join(into, path), options)
  }
  return {
    hash,
    title,
    exportPaths: async (paths, into) => {
      for (const path of paths) await copy(path, into)
    },
    exportAll: (into) => cp(folder, into, options),
  }
}
