import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { dirname } from 'node:path'
import { FctError, messageOf } from '../../fct-error.js'
import { command } from './command.js'
import type { NfsVersion, PrepareParams } from '../protocol.js'
import { exportsTable, type Export } from './file-systems.js'
import { versionHint } from './nfs-clients.js'
import { clientNetwork } from './network.js'

const nfsdControl = '/proc/fs/nfsd'
const stopLimitMs = 30_000
const callLimitMs = 10_000
const pollMs = 20
/** One of our own: /etc/exports may be somebody's. */
const exportsFile = '/etc/exports.d/fctorture.exports'
const pipefs = '/run/rpc_pipefs'
/** Modules that nfsd needs, and those of the client. */
const around = ['sunrpc', 'grace', 'lockd', 'nfs_acl', 'auth_rpcgss', 'nfs', 'nfsv3', 'nfsv4']

/** All that a server and its clients need and that no nfsd has a part in. */
export async function stageServer(): Promise<void> {
  await command('FCT_GUEST_NFSD', 'modprobe', '-a', ...around)
  await shortenGrace()
  await mkdir(pipefs, { recursive: true })
  await ensureMount('rpc_pipefs', pipefs)
  await mkdir('/var/lib/nfs/nfsdcld', { recursive: true })
  await ensureDaemon('rpcbind', '-w')
}

/** A machine that is not ours may have it already. */
async function ensureDaemon(name: string, ...args: string[]): Promise<void> {
  if (!(await isRunning(name))) await command('FCT_GUEST_NFSD', name, ...args)
}

async function isRunning(name: string): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const names = await Promise.all(
    processes.map((number) => readFile(`/proc/${number}/comm`, 'utf8').catch(() => '')),
  )
  return names.includes(`${name}\n`)
}

async function ensureMount(type: string, folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  if (!mounts.includes(` ${folder} ${type} `))
    await command('FCT_GUEST_NFSD', 'mount', '-t', type, type, folder)
}

/** Starts nfsd with its daemons and exports; resolves when it serves. Behind `stageServer`. */
export async function startServer(
  exports: readonly Export[],
  { delegations, nfsdThreads }: Pick<PrepareParams, 'delegations' | 'nfsdThreads'>,
): Promise<void> {
  if (!delegations) await forbidLeases()
  await command('FCT_GUEST_NFSD', 'modprobe', 'nfsd')
  await ensureMount('nfsd', nfsdControl)
  // With nothing to reclaim, nfsdcld ends the v4 grace period at once; without it the first write waits for seconds.
  await ensureDaemon('nfsdcld', '-p', pipefs)
  await exportAll(exports)
  await command('FCT_GUEST_NFSD', 'rpc.nfsd', String(nfsdThreads))
  await ensureDaemon('rpc.mountd')
}

/**
 * A delegation is a lease. To an NFSv3 client that meets one nfsd says JUKEBOX, and the client waits for 5 s
 * (NFS_JUKEBOX_RETRY_TIME). Kernels that delegate for writing have hardly any NFSv3 left, and with it hardly a file on the LRU.
 */
async function forbidLeases(): Promise<void> {
  try {
    await writeFile('/proc/sys/fs/leases-enable', '0')
  } catch (error) {
    throw new FctError('FCT_GUEST_NFSD', 'delegations cannot be turned off', messageOf(error))
  }
}

/**
 * lockd has a grace period of its own, of 50 s, in which NFSv4 clients get no lock either (nfsd4_lock() asks
 * locks_in_grace()). It is a multiple of nlm_timeout, which is 3 s at the least (fs/lockd/svc.c).
 */
async function shortenGrace(): Promise<void> {
  const parameters = '/sys/module/lockd/parameters'
  try {
    await writeFile(`${parameters}/nlm_timeout`, '3')
    await writeFile(`${parameters}/nlm_grace_period`, '3')
  } catch (error) {
    throw new FctError('FCT_GUEST_NFSD', "lockd's grace period cannot be shortened", messageOf(error))
  }
}

/** What is exported from now on. */
export async function exportAll(exports: readonly Export[]): Promise<void> {
  await mkdir(dirname(exportsFile), { recursive: true })
  await writeFile(exportsFile, exportsTable(exports, ['127.0.0.1', clientNetwork]))
  await command('FCT_GUEST_NFSD', 'exportfs', '-ra')
}

/**
 * Sees to it that nfsd serves these versions.
 *
 * @throws FctError FCT_GUEST_NFS_VERSION
 */
export async function requireVersions(versions: readonly NfsVersion[]): Promise<void> {
  const text = await readFile(`${nfsdControl}/versions`, 'utf8')
  for (const version of versions)
    if (!isServed(version, text))
      throw new FctError(
        'FCT_GUEST_NFS_VERSION',
        `nfsd of this kernel does not serve version ${version} of NFS`,
        `It says: ${text.trim()}\n${versionHint(version)}`,
      )
}

/**
 * Whether a version is on in nfsd's own list, such as "-2 +3 +4 +4.1 -4.2": +4 means 4.0 too, unless -4.0 is there
 * (nfsd_print_version_support()).
 */
export function isServed(version: NfsVersion, versions: string): boolean {
  const words = versions.trim().split(/\s+/)
  return version === '4.0'
    ? words.includes('+4') && !words.includes('-4.0')
    : words.includes(`+${version}`) && (version === '3' || words.includes('+4'))
}

/**
 * Stops nfsd and starts it again while clients are at work. Without rpc.nfsd: a child inherits the agent's descriptors
 * of NFS files, and its exec waits for them to be flushed, to the very server that it shall start.
 */
export async function restartServer(threads: number): Promise<void> {
  await control('threads', '0')
  await untilServerGone()
  // Its listeners went with it; since 7.0 it does not make them by itself (nfsd_startup_net()).
  await control('portlist', 'tcp 2049')
  await control('threads', String(threads))
}

/** Before 5.16 the threads end by themselves, and the last one takes the server with its listeners along. */
async function untilServerGone(): Promise<void> {
  const end = performance.now() + stopLimitMs
  while ((await readFile(`${nfsdControl}/portlist`, 'utf8')) !== '') {
    if (performance.now() > end)
      throw new FctError('FCT_GUEST_NFSD', `nfsd has not stopped within ${String(stopLimitMs / 1000)} s`)
    // Nothing in /proc/fs/nfsd tells when it changes.
    await delay(pollMs)
  }
}

/** Resolves when clients have called nfsd since, and also if none does for `callLimitMs`, or `signal` is given. */
export async function untilCalled(signal: AbortSignal): Promise<void> {
  const before = await readCalls()
  const end = performance.now() + callLimitMs
  while (!signal.aborted && performance.now() < end && (await readCalls()) === before) {
    // Nothing tells when a counter changes.
    await delay(pollMs)
  }
}

/** The calls that nfsd has been given, as /proc/net/rpc/nfsd tells them ("rpc CALLS ..."). */
async function readCalls(): Promise<string | undefined> {
  const text = await readFile('/proc/net/rpc/nfsd', 'utf8')
  return /^rpc (\d+)/m.exec(text)?.[1]
}

async function control(file: string, text: string): Promise<void> {
  try {
    await writeFile(`${nfsdControl}/${file}`, text)
  } catch (error) {
    throw new FctError('FCT_GUEST_NFSD', `nfsd takes no "${text}" in its file ${file}`, messageOf(error))
  }
}

/** Stops all threads; nfsd then closes its file cache. */
export async function stopServer(): Promise<void> {
  await command('FCT_GUEST_NFSD', 'exportfs', '-ua')
  await command('FCT_GUEST_NFSD', 'rpc.nfsd', '0')
}

/** /proc/fs/nfsd/filecache; empty on kernels before 6.0, which have none. */
export async function readFilecache(): Promise<string> {
  return readFile(`${nfsdControl}/filecache`, 'utf8').catch(() => '')
}

/** Entries on the LRU, as text because an underflowed counter does not fit a number; undefined if the kernel does not say. */
export function lruEntries(filecache: string): string | undefined {
  return /^lru entries: +(\d+)/m.exec(filecache)?.[1]
}
