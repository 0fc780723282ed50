import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError, messageOf } from '../../fct-error.js'
import { fileSystems, type FileSystem } from '../protocol.js'
import { command } from './command.js'

/** An exported file system: where the server has it, and the path that NFSv4 clients name below the pseudo root. */
export interface Export {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly version4Path: string
}

/** The pseudo root of NFSv4: a tmpfs, exported whether or not clients mount it. */
const root = '/srv/fct'

/** File systems on a block device: a file in memory. The sizes are about the least that each takes. */
export const onDisk = {
  ext4: { mib: 256, make: ['mkfs.ext4', '-q', '-F'] },
  xfs: { mib: 320, make: ['mkfs.xfs', '-q', '-f', '-K'] },
  btrfs: { mib: 256, make: ['mkfs.btrfs', '-q', '-f', '-K'] },
} as const
export type OnDisk = keyof typeof onDisk

/**
 * The tmpfs is the pseudo root of NFSv4 (fsid=0: a tmpfs on an overlay with any other fsid answers ENOENT), the
 * others stand below it. Only what is wanted is made.
 *
 * @throws FctError FCT_GUEST_NO_FILE_SYSTEM the kernel has no driver for one of them
 */
export async function mountFileSystems(wanted: readonly FileSystem[]): Promise<Export[]> {
  await mkdir(root, { recursive: true })
  await command('FCT_GUEST_MOUNT', 'mount', '-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', root)
  for (const fileSystem of Object.keys(onDisk) as OnDisk[])
    if (wanted.includes(fileSystem)) await mountOnDisk(fileSystem)
  return fileSystems.filter((name) => name !== 'nfs' && wanted.includes(name)).map(exportOf)
}

/** Where it is, whether or not it is there. */
export function exportOf(fileSystem: FileSystem): Export {
  return fileSystem === 'tmpfs'
    ? { fileSystem, folder: root, version4Path: '/' }
    : { fileSystem, folder: join(root, fileSystem), version4Path: `/${fileSystem}` }
}

/** A mount of a folder of our own ext4 export, to be exported again; nfsd serves ext4 by now. */
export async function mountReexport(): Promise<Export> {
  const again = exportOf('nfs')
  await mkdir(again.folder)
  await mkdir(join(root, 'ext4', 'again'), { mode: 0o777 })
  const options = 'vers=4.1,proto=tcp,nolock,nosharecache,soft,timeo=100,retrans=3'
  await command('FCT_GUEST_MOUNT', 'mount', '-t', 'nfs', '-o', options, '127.0.0.1:/ext4/again', again.folder)
  return again
}

async function mountOnDisk(fileSystem: OnDisk): Promise<void> {
  const { mib, make } = onDisk[fileSystem]
  const [program, ...args] = make
  const image = join(process.env['FCTORTURE_PLACE'] ?? '/tmp', `${fileSystem}.img`)
  const { folder } = exportOf(fileSystem)
  await requireDriver(fileSystem)
  await command('FCT_GUEST_MOUNT', 'modprobe', 'loop')
  await writeFile(image, '')
  await truncate(image, mib * 1024 * 1024)
  await command('FCT_GUEST_MOUNT', program, ...args, image)
  await mkdir(folder)
  await command('FCT_GUEST_MOUNT', 'mount', '-t', fileSystem, '-o', 'loop', image, folder)
}

/** What modprobe says of a missing module is no news: the kernel's own list has what is built in, too. */
async function requireDriver(fileSystem: OnDisk): Promise<void> {
  const reason = await command('FCT_GUEST_MOUNT', 'modprobe', fileSystem).then(
    () => '',
    (error: unknown) => (error instanceof FctError ? error.detail : messageOf(error)),
  )
  const known = await readFile('/proc/filesystems', 'utf8')
  if (known.split('\n').includes(`\t${fileSystem}`)) return
  throw new FctError(
    'FCT_GUEST_NO_FILE_SYSTEM',
    `this kernel has no ${fileSystem}`,
    `${reason}\nLeave ${fileSystem} out of the scenario's exports, or take a kernel with it (Debian's have it).`,
  )
}

/**
 * What stands on the pseudo root first; a mount of our own export went before nfsd did.
 *
 * @returns Folders of those that could not be unmounted because something in them is open.
 */
export async function unmountFileSystems(exports: readonly Export[]): Promise<string[]> {
  const busy: string[] = []
  for (const { fileSystem, folder } of exports)
    if (fileSystem in onDisk && !(await isUnmounted(folder))) busy.push(folder)
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

/**
 * Lines of the exports table. The pseudo root is there in any case; the others have a number of their own.
 *
 * @param hosts Who may mount them.
 */
export function exportsTable(exports: readonly Export[], hosts: readonly string[]): string {
  const folders = exports.map(({ folder }) => folder).filter((folder) => folder !== root)
  const line = (folder: string, fsid: number): string => {
    const options = `rw,no_root_squash,no_subtree_check,insecure,async,crossmnt,fsid=${String(fsid)}`
    return `${[folder, ...hosts.map((host) => `${host}(${options})`)].join(' ')}\n`
  }
  return [root, ...folders].map(line).join('')
}
