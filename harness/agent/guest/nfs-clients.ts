import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../fct-error.js'
import type { NfsVersion } from '../protocol.js'
import { command } from './command.js'
import type { Export } from './file-systems.js'

/** A mount of an export. */
export interface ClientMount {
  readonly folder: string
  readonly version: NfsVersion
}

// lookupcache and attribute caching off: every open of the load shall reach the server.
const options = 'proto=tcp,nolock,noac,lookupcache=none,nosharecache,soft,timeo=100,retrans=3'

export async function mountClients(
  exports: readonly Export[],
  versions: readonly NfsVersion[],
  server = '127.0.0.1',
): Promise<ClientMount[]> {
  const mounts: ClientMount[] = []
  for (const version of versions) {
    for (const entry of exports) mounts.push(await mountClient(entry, version, server))
  }
  return mounts
}

async function mountClient(entry: Export, version: NfsVersion, server: string): Promise<ClientMount> {
  const folder = join('/mnt/fct', `${entry.fileSystem}-v${version}`)
  await mkdir(folder, { recursive: true })
  const path = version === '3' ? entry.folder : entry.version4Path
  const how = `vers=${version},${options}`
  try {
    await command('FCT_GUEST_CLIENT', 'mount', '-t', 'nfs', '-o', how, `${server}:${path}`, folder)
  } catch (error) {
    throw explainMount(error, version)
  }
  return { folder, version }
}

/** mount.nfs has words of its own for EPROTONOSUPPORT; the server's versions were looked at before. */
function explainMount(error: unknown, version: NfsVersion): unknown {
  if (!(error instanceof FctError) || !/protocol.*not supported/i.test(error.detail)) return error
  return new FctError(
    'FCT_GUEST_NFS_VERSION',
    `the NFS client of this kernel does not know version ${version}`,
    `${error.detail}\n${versionHint(version)}`,
  )
}

/** What to do about a version that a kernel does not know. */
export function versionHint(version: NfsVersion): string {
  return `Leave ${version} out of the scenario's versions, or take a kernel that has it.`
}

export async function unmountClients(mounts: readonly ClientMount[]): Promise<void> {
  for (const { folder } of mounts) await command('FCT_GUEST_CLIENT', 'umount', folder)
}
