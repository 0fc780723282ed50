import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { NfsVersion } from '../protocol.js'
import { command } from './command.js'
import type { Export } from './file-systems.js'

/** A loopback mount of an export. */
export interface ClientMount {
  readonly folder: string
  readonly version: NfsVersion
}

// lookupcache and attribute caching off: every open of the load shall reach the server.
const options = 'proto=tcp,nolock,noac,lookupcache=none,nosharecache,soft,timeo=100,retrans=3'

export async function mountClients(
  exports: readonly Export[],
  versions: readonly NfsVersion[],
): Promise<ClientMount[]> {
  const mounts: ClientMount[] = []
  for (const version of versions) {
    for (const entry of exports) mounts.push(await mountClient(entry, version))
  }
  return mounts
}

async function mountClient(entry: Export, version: NfsVersion): Promise<ClientMount> {
  const folder = join('/mnt/fct', `${entry.fileSystem}-v${version}`)
  await mkdir(folder, { recursive: true })
  const path = version === '3' ? entry.folder : entry.version4Path
  await command(
    'FCT_GUEST_CLIENT',
    'mount',
    '-t',
    'nfs',
    '-o',
    `vers=${version},${options}`,
    `127.0.0.1:${path}`,
    folder,
  )
  return { folder, version }
}

export async function unmountClients(mounts: readonly ClientMount[]): Promise<void> {
  for (const { folder } of mounts) await command('FCT_GUEST_CLIENT', 'umount', folder)
}
