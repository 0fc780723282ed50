import { touchedFiles, type PatchSet } from './patch.js'

const folder = 'fs/nfsd/'

/**
 * The first file for whose sake building nfsd.ko alone is not enough; undefined if everything that the patches touch is below
 * fs/nfsd/ and part of no other build.
 *
 * Its headers are its own: no file of 6.1.192 outside of fs/nfsd includes one (what others need of nfsd stands in
 * include/linux/ and include/uapi/linux/nfsd/). Its Kconfig is not, for the whole kernel's configuration is made of it.
 */
export function findOutsideNfsd({ patches }: PatchSet): string | undefined {
  return patches.flatMap(touchedFiles).find((path) => !path.startsWith(folder) || isConfiguration(path))
}

export function onlyNfsd(patches: PatchSet): boolean {
  return findOutsideNfsd(patches) === undefined
}

export function isConfiguration(path: string): boolean {
  return path.split('/').at(-1)?.startsWith('Kconfig') ?? false
}
