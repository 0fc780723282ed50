import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../harness/folders.js'

/** The flavour of a kernel's file cache shows only in a run; what a run has found is kept beside the cache's entries. */
function fileOf(kernelHash: string): string {
  return join(cacheFolder(), 'flavours', kernelHash)
}

export async function rememberFlavour(kernelHash: string, flavour: string): Promise<void> {
  await mkdir(join(cacheFolder(), 'flavours'), { recursive: true })
  await writeFile(fileOf(kernelHash), flavour)
}

/** Undefined for a kernel that was never run, or whose cache no known flavour fits. */
export async function recallFlavour(kernelHash: string): Promise<string | undefined> {
  return readFile(fileOf(kernelHash), 'utf8').catch(() => undefined)
}
