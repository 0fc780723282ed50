import { chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.js'
import { hashOf, obtain, type BuildContext } from './cache.js'
import { makeErofs } from './modules-image.js'

const suites = { suites: ['bookworm', 'bookworm-updates'], securitySuites: ['bookworm-security'] }

/** What a guest needs beside its base system. */
const packages = [
  'nfs-kernel-server',
  'nfs-common',
  'rpcbind',
  'kmod',
  'mount',
  'e2fsprogs',
  'xfsprogs',
  'btrfs-progs',
  'iproute2',
  'openssh-server',
  'pahole',
  'libstdc++6',
  'netbase',
  'procps',
]

/** Left out: documents and translations that no guest reads. */
const unwanted = [
  '/usr/share/doc',
  '/usr/share/man',
  '/usr/share/locale',
  '/usr/share/info',
  '/var/cache/apt',
  '/var/lib/apt',
  // xfsprogs asks for it, for a daemon that no guest runs.
  '/usr/lib/python3.11',
  '/usr/lib/python3',
]

export interface Rootfs {
  /** A read-only erofs image. */
  readonly image: string
  readonly hash: string
}

/** The root file system of every guest: Debian packages and this Node's binary; agent, addon and module come per run. */
export async function obtainRootfs(context: BuildContext): Promise<Rootfs> {
  const inputs = { recipe: 3, suites, packages, unwanted, node: process.version }
  const folder = await obtain(
    {
      kind: 'rootfs',
      inputs,
      title: `root file system (${packages.length} Debian packages and Node)`,
      build: (into, signal) => buildRootfs(into, { ...context, signal }),
    },
    context,
  )
  return { image: join(folder, 'root.erofs'), hash: hashOf(inputs) }
}

async function buildRootfs(into: string, context: BuildContext): Promise<void> {
  const tree = join(into, 'tree')
  await bootstrap({ suites, packages, tree, title: 'the root file system' }, context)
  for (const path of unwanted) await rm(join(tree, path), { recursive: true, force: true })
  await addOurs(tree)
  await makeErofs(join(into, 'root.erofs'), tree)
  await rm(tree, { recursive: true })
}

async function addOurs(tree: string): Promise<void> {
  const target = join(tree, 'usr', 'local', 'bin', 'node')
  await mkdir(join(tree, 'fct'), { recursive: true })
  await copyFile(process.execPath, target)
  await chmod(target, 0o755)
  await writeFile(join(tree, 'etc', 'hosts'), '127.0.0.1 localhost fctorture\n')
  await writeFile(join(tree, 'etc', 'hostname'), 'fctorture\n')
  // systemd would make it; rpc.mountd dies of its absence when an export has crossmnt.
  await symlink('/proc/self/mounts', join(tree, 'etc', 'mtab'))
}
