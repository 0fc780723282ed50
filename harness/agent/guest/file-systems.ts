import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../fct-error.js'
import type { FileSystem } from '../protocol.js'
import { command } from './command.js'

/** An exported file system: where the server has it, and the path that NFSv4 clients name below the pseudo root. */
export interface Export {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly version4Path: string
}

const root = '/srv/fct'
const ext4Bytes = 256 * 1024 * 1024

/**
 * The tmpfs is the pseudo root of NFSv4 (fsid=0: a tmpfs on an overlay with any other fsid answers ENOENT), the
 * others stand below it.
 */
export async function mountFileSystems(wanted: readonly FileSystem[]): Promise<Export[]> {
  await mkdir(root, { recursive: true })
  await command('FCT_GUEST_MOUNT', 'mount', '-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', root)
  const exports: Export[] = []
  if (wanted.includes('tmpfs')) exports.push({ fileSystem: 'tmpfs', folder: root, version4Path: '/' })
  if (wanted.includes('ext4')) exports.push(await mountExt4())
  return exports
}

/** A mount of a folder of our own ext4 export, to be exported again; nfsd serves ext4 by now. */
export async function mountReexport(): Promise<Export> {
  const folder = join(root, 'nfs')
  await mkdir(folder)
  await mkdir(join(root, 'ext4', 'again'), { mode: 0o777 })
  const options = 'vers=4.1,proto=tcp,nolock,nosharecache,soft,timeo=100,retrans=3'
  await command('FCT_GUEST_MOUNT', 'mount', '-t', 'nfs', '-o', options, '127.0.0.1:/ext4/again', folder)
  return { fileSystem: 'nfs', folder, version4Path: '/nfs' }
}

async function mountExt4(): Promise<Export> {
  const image = join(process.env['FCTORTURE_PLACE'] ?? '/tmp', 'ext4.img')
  const folder = join(root, 'ext4')
  await writeFile(image, '')
  await truncate(image, ext4Bytes)
  await command('FCT_GUEST_MOUNT', 'modprobe', '-a', 'loop', 'ext4')
  await command('FCT_GUEST_MOUNT', 'mkfs.ext4', '-q', '-F', image)
  await mkdir(folder)
  await command('FCT_GUEST_MOUNT', 'mount', '-o', 'loop', image, folder)
  return { fileSystem: 'ext4', folder, version4Path: '/ext4' }
}

/**
 * What stands on the pseudo root first; a mount of our own export went before nfsd did.
 *
 * @returns Folders of those that could not be unmounted because something in them is open.
 */
export async function unmountFileSystems(exports: readonly Export[]): Promise<string[]> {
  const busy: string[] = []
  for (const { fileSystem, folder } of exports)
    if (fileSystem === 'ext4' && !(await isUnmounted(folder))) busy.push(folder)
  // A busy file system keeps the root below it busy, too.
  if (busy.length === 0 && !(await isUnmounted(root))) busy.push(root)
  return busy
}

async function isUnmounted(folder: string): Promise<boolean> {
  try {
    await command('FCT_GUEST_MOUNT', 'umount', folder)
    return true
  } catch (error) {
    if (error instanceof FctError && error.detail.includes('target is busy')) return false
    throw error
  }
}

export async function unmountFileSystem({ folder }: Export): Promise<void> {
  await command('FCT_GUEST_MOUNT', 'umount', folder)
}

/** Options of the exports table; the pseudo root needs fsid=0, the others a number of their own. */
export function exportOptions(index: number, { fileSystem }: Export): string {
  const fsid = fileSystem === 'tmpfs' ? 0 : index + 1
  return `rw,no_root_squash,no_subtree_check,insecure,async,crossmnt,fsid=${String(fsid)}`
}
