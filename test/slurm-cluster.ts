import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { cacheFolder } from '../harness/folders.js'

type NodeName = 'n1' | 'n2'

/** A Slurm cluster of two nodes on this machine. */
export interface SlurmCluster {
  /** What a client needs, for process.env. */
  readonly env: Readonly<Record<string, string>>
  /** A folder of which each node has its own, and this host an empty one. */
  readonly local: string
  /** Ends all that runs on a node, as a power cut would. */
  kill(node: NodeName): Promise<void>
  /** The node does not answer any more; what it runs goes on. */
  freeze(node: NodeName): void
  /** Brings a node up (again) and waits until it takes jobs. */
  start(node: NodeName): Promise<void>
  end(): Promise<void>
}

const packages = ['slurmctld', 'slurmd', 'slurm-client', 'munge']
const library = 'usr/lib/x86_64-linux-gnu'
const readyMs = 90_000

/**
 * slurmctld, two slurmd and munged of Debian's packages. They are unpacked into the cache, not installed: that would have Debian
 * start them, at each boot. Each node has its own PID namespace and the features `both` and its name. Root only.
 */
export async function startSlurm(): Promise<SlurmCluster> {
  const root = await unpackSlurm()
  const folder = mkdtempSync(join(tmpdir(), 'fct-slurm-'))
  const local = join(folder, 'local')
  mkdirSync(local)
  const daemons = new Map<string, ChildProcess>()
  const env = {
    PATH: `${join(root, 'usr/bin')}:${process.env['PATH'] ?? ''}`,
    LD_LIBRARY_PATH: `${join(root, library, 'slurm-wlm')}:${join(root, library)}`,
    SLURM_CONF: join(folder, 'slurm.conf'),
  }
  const launch = (name: string, program: string, ...args: string[]): void => {
    const command = ['--pdeathsig', 'KILL', program, ...args]
    daemons.set(name, spawn('setpriv', command, { env, stdio: 'ignore' }))
  }
  const end = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      const daemon = daemons.get(name)
      daemons.delete(name)
      if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) continue
      daemon.kill('SIGKILL')
      await once(daemon, 'exit')
    }
  }
  await configure(root, folder)
  const socket = join(folder, 'munge.socket')
  const files = ['key', 'log', 'pid', 'seed'].map((what) => `--${what}-file=${join(folder, `munge.${what}`)}`)
  launch('munged', join(root, 'usr/sbin/munged'), '--foreground', '--force', `--socket=${socket}`, ...files)
  const cluster: SlurmCluster = {
    env,
    local,
    kill: (node) => end(node),
    freeze: (node) => {
      for (const pid of childrenOf(daemons.get(node)?.pid ?? 0)) process.kill(pid, 'SIGSTOP')
    },
    start: async (node) => {
      const stepd = join(root, 'usr/sbin/slurmstepd-wlm')
      const unshare = ['--pid', '--fork', '--kill-child=KILL', '--mount-proc']
      const own = ['sh', '-c', 'mount -t tmpfs local "$0" && exec "$@"', local]
      launch(
        node,
        'unshare',
        ...unshare,
        ...own,
        join(root, 'usr/sbin/slurmd-wlm'),
        '-D',
        '-N',
        node,
        '-d',
        stepd,
      )
      await until(`${node} takes jobs`, async () => {
        const { stdout } = await execa('sinfo', ['-h', '-N', '-n', node, '-o', '%T'], { env, reject: false })
        return /^(idle|mixed)$/.test(stdout.trim())
      })
    },
    end: async () => {
      await end('n1', 'n2', 'slurmctld', 'munged')
      rmSync(folder, { recursive: true })
    },
  }
  try {
    await until('munged listens', () => Promise.resolve(existsSync(socket)))
    launch('slurmctld', join(root, 'usr/sbin/slurmctld-wlm'), '-D')
    await Promise.all([cluster.start('n1'), cluster.start('n2')])
  } catch (error) {
    const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
    const said = logs.map((name) => `${name}:\n${readFileSync(join(folder, name), 'utf8').slice(-2000)}`)
    await cluster.end()
    throw new Error(`no Slurm cluster:\n${said.join('\n')}`, { cause: error })
  }
  return cluster
}

/** @returns the root of a file system with Slurm and those of its libraries that this machine lacks */
async function unpackSlurm(): Promise<string> {
  const root = join(cacheFolder(), 'test', 'slurm')
  if (existsSync(root)) return root
  const partial = `${root}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(join(partial, 'debs', 'partial'), { recursive: true })
  const archives = join(partial, 'debs')
  const options = ['-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1', '-y', '-qq']
  await execa('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'update'], { timeout: 300_000 })
  await execa('apt-get', [...options, 'install', '--download-only', '--no-install-recommends', ...packages], {
    timeout: 300_000,
  })
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    await execa('dpkg-deb', ['-x', join(archives, name), partial])
  rmSync(archives, { recursive: true })
  await execa('mv', [partial, root])
  return root
}

async function configure(root: string, folder: string): Promise<void> {
  const [control, first, second] = await freePorts(3)
  const node = (name: NodeName, port: number): string =>
    `NodeName=${name} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${String(port)} CPUs=8 Feature=both,${name}`
  const lines = [
    ...[
      'ClusterName=fctorture',
      `SlurmctldHost=${hostname()}(127.0.0.1)`,
      `SlurmctldPort=${String(control)}`,
    ],
    ...[
      'SlurmUser=root',
      'AuthType=auth/munge',
      `AuthInfo=socket=${join(folder, 'munge.socket')},cred_expire=5`,
    ],
    ...[`PluginDir=${join(root, library, 'slurm-wlm')}`, `StateSaveLocation=${join(folder, 'state')}`],
    ...['ctld.pid', 'ctld.log'].map(
      (file, at) => `Slurmctld${at === 0 ? 'Pid' : 'Log'}File=${join(folder, file)}`,
    ),
    ...[`SlurmdSpoolDir=${folder}/%n`, `SlurmdPidFile=${folder}/%n.pid`, `SlurmdLogFile=${folder}/%n.log`],
    ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'JobAcctGatherType=jobacct_gather/none'],
    ...['AccountingStorageType=accounting_storage/none', 'JobCompType=jobcomp/none', 'MpiDefault=none'],
    ...[
      'SwitchType=switch/none',
      'ReturnToService=2',
      'SlurmdTimeout=5',
      'SlurmdParameters=config_overrides',
    ],
    ...[
      'SchedulerType=sched/builtin',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core',
      'KillWait=3',
    ],
    'SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0',
    ...[node('n1', first!), node('n2', second!), 'PartitionName=all Nodes=n1,n2 Default=YES'],
  ]
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'slurm.conf'), `${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'cgroup.conf'), 'CgroupPlugin=cgroup/v1\n')
  writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o400 })
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + readyMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${String(readyMs / 1000)} s: ${what}`)
    await delay(200)
  }
}
