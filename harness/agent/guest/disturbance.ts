import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { FctError } from '../../fct-error.js'
import type { Disturbance } from '../protocol.js'
import { command } from './command.js'
import { restartServer, untilCalled } from './nfs-server.js'

/** What happens to nfsd during the load, again and again. */
export interface Disturber {
  /** How often each has happened. */
  counts(): Readonly<Record<string, number>>
  /** Resolves when the last one is over. */
  stop(): Promise<void>
}

/** Each round finds clients that have been at work for so long. */
const workMs = 1500

/**
 * An nfsd of its own network namespace: served, used by a client there, stopped; and the namespace goes. mountd answers
 * there for itself, with its own state.
 */
const lifeOfNamespace = [
  'set -ex',
  'ip link set lo up',
  'mount -t tmpfs tmpfs /var/lib/nfs',
  'mount -t tmpfs tmpfs /run',
  'mkdir -p /var/lib/nfs/nfsdcld /run/rpc_pipefs',
  'touch /var/lib/nfs/etab /var/lib/nfs/rmtab',
  'mount -t nfsd nfsd /proc/fs/nfsd',
  'mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs',
  // With nothing to reclaim it ends the grace period at once.
  'nfsdcld -p /run/rpc_pipefs',
  'mount -t tmpfs tmpfs /srv/fct-ns',
  'exportfs -o rw,no_root_squash,no_subtree_check,insecure,fsid=0 127.0.0.1:/srv/fct-ns',
  'rpc.mountd -N 3',
  'rpc.nfsd -N 3 2',
  'mount -t nfs -o vers=4.1,soft,timeo=50,retrans=2,nosharecache 127.0.0.1:/ /mnt/fct-ns',
  'for i in 1 2 3 4 5 6 7 8; do echo $i > /mnt/fct-ns/f$i; cat /mnt/fct-ns/f$i > /dev/null; done',
  'umount /mnt/fct-ns',
  'rpc.nfsd 0',
].join('\n')

/** All that is left in it dies with unshare itself. */
const isolation = ['--net', '--mount', '--pid', '--fork', '--kill-child']

const disturbances: Readonly<Record<Disturbance, (threads: number) => Promise<unknown>>> = {
  restart: restartServer,
  namespace: () => command('FCT_GUEST_NAMESPACE', 'unshare', ...isolation, 'sh', '-c', lifeOfNamespace),
}

export function startDisturbances(wanted: readonly Disturbance[], nfsdThreads: number): Disturber {
  const counts: Record<string, number> = Object.fromEntries(wanted.map((name) => [name, 0]))
  const stopping = new AbortController()
  const work = async (): Promise<void> => {
    if (wanted.includes('namespace')) {
      await mkdir('/srv/fct-ns', { recursive: true })
      await mkdir('/mnt/fct-ns', { recursive: true })
    }
    while (wanted.length > 0) {
      // Who was cut off by a restart connects again after 3 s at the earliest (net/sunrpc/xprtsock.c, XS_TCP_INIT_REEST_TO).
      await untilCalled(stopping.signal)
      await delay(workMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      for (const name of wanted) {
        await disturbances[name](nfsdThreads)
        counts[name] = (counts[name] ?? 0) + 1
      }
    }
  }
  const done = work()
  // Whoever stops it hears of a failure.
  done.catch(() => undefined)
  return {
    counts: () => counts,
    stop: () => {
      stopping.abort()
      return done
    },
  }
}

/** A network namespace that lives as long as the process in it. */
export interface ForeignNamespace {
  readonly pid: number
  leave(): Promise<void>
}

/** It is there when this resolves. @throws FctError FCT_GUEST_NAMESPACE */
export async function createNamespace(): Promise<ForeignNamespace> {
  const child = execa('unshare', ['--net', 'sh', '-c', 'echo here; exec sleep infinity'], { reject: false })
  const { pid } = child
  const ended = child.then(({ stderr }) => {
    throw new FctError('FCT_GUEST_NAMESPACE', 'a second network namespace could not be made', stderr)
  })
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => undefined)
  if (pid === undefined) throw new TypeError('a process that speaks has a number')
  return {
    pid,
    leave: async () => {
      child.kill()
      await child
    },
  }
}
