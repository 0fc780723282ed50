/** An agent for tests of the module: it takes the place of the usual one in a guest, and speaks the same protocol. */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { readDebugfs, writeDebugfs } from '../../../addon/index.js'
import { parseCapabilities } from '../../../harness/agent/capabilities.js'
import { startClients, type Clients } from '../../../harness/agent/guest/client-load.js'
import { command } from '../../../harness/agent/guest/command.js'
import { mountFileSystems, type Export } from '../../../harness/agent/guest/file-systems.js'
import { mountClients, unmountClients, type ClientMount } from '../../../harness/agent/guest/nfs-clients.js'
import { startServer } from '../../../harness/agent/guest/nfs-server.js'
import { serve } from '../../../harness/agent/guest/serve.js'
import { loadModule, readCapabilities, removeModule } from '../../../harness/agent/guest/test-module.js'
import { stressors } from '../../../addon/device.js'

const debugfs = '/sys/kernel/debug/fctorture'
const files = 8
const threads = 4

interface Stand {
  readonly exports: readonly Export[]
  mounts: readonly ClientMount[]
}

let stand: Stand | undefined
let knowsLayout = false

function set(path: string, value: number | string): void {
  writeDebugfs(join(debugfs, path), String(value))
}

function standing(): Stand {
  if (stand === undefined) throw new Error('stand comes first')
  return stand
}

async function load(): Promise<void> {
  await loadModule({ busted: '', knowsLayout })
}

/** Every stressor with a thread, and every injection point with delays and forced switches by turns. */
function turnAllOn(seed: number): void {
  const { absent, points } = parseCapabilities(readCapabilities())
  for (const name of stressors) {
    if (absent.has(name)) continue
    if (name === 'acquire') set('acquire/repeat', 4)
    else set(`${name}/threads`, name === 'rendezvous' ? 3 : 1)
    if (name !== 'acquire') set(`${name}/gap_us`, name === 'gc' || name === 'purge' ? 20_000 : 2000)
  }
  for (const [index, point] of [...points].entries()) {
    set(`inject/${point}/mode`, 1 + (index % 2))
    set(`inject/${point}/shape`, 2)
    set(`inject/${point}/min_ns`, 100)
    set(`inject/${point}/max_ns`, 20_000)
    set(`inject/${point}/rate_ppm`, 5000)
  }
  set('inject/budget_us', 50_000)
  set('seed', seed)
  for (const { folder } of standing().exports) {
    for (let number = 0; number < files; number++) set('targets', join(folder, 'files', `f${String(number)}`))
  }
}

function startLoad(seed: number): Clients {
  const plan = { threads: 1, files, size: 4096, mix: { read: 3, write: 2 } }
  return startClients(standing().mounts, { seed: String(seed), clients: plan, churn: plan })
}

/** Loaded, run and unloaded; the last without stopping the run before, by turns. */
async function cycle(number: number): Promise<void> {
  await load()
  turnAllOn(number)
  set('run', 1)
  await delay(50)
  if (number % 2 === 0) set('run', 0)
  await removeModule()
}

function statsOf(): Record<string, string> {
  const lines = readDebugfs(join(debugfs, 'stats')).trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', line]))
}

/** Its process has gone when this resolves. */
async function endProgram(name: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (comm.trim() !== name) continue
    process.kill(Number(pid))
    while (existsSync(`/proc/${pid}`)) await delay(20)
  }
}

const handlers = {
  leave: () => Promise.resolve(null),
  /** nfsd with clients, and files for targets. */
  stand: async (params: { knowsLayout: boolean }) => {
    ;({ knowsLayout } = params)
    const exports = await mountFileSystems(['tmpfs', 'ext4'])
    await startServer(exports, threads)
    stand = { exports, mounts: await mountClients(exports, ['3', '4.1']) }
    for (const { folder } of exports) {
      for (const name of ['files', 'churn']) {
        await command('FCT_TEST', 'mkdir', '-m', '777', join(folder, name))
      }
      for (let number = 0; number < files; number++)
        await writeFile(join(folder, 'files', `f${String(number)}`), Buffer.alloc(4096))
    }
    return null
  },
  selftest: async ({ args }: { args: string[] }) => {
    await load()
    const target = join(standing().exports[1]?.folder ?? '', 'files', 'f0')
    const { stdout, exitCode } = await execa(
      '/fct/selftest',
      args.map((arg) => (arg === 'TARGET' ? target : arg)),
      {
        reject: false,
      },
    )
    await removeModule()
    return { stdout, exitCode }
  },
  cycles: async ({ count }: { count: number }) => {
    const clients = startLoad(1)
    for (let number = 0; number < count; number++) await cycle(number)
    return clients.stop()
  },
  /** A run of some seconds with all that there is; its stats. */
  everything: async ({ seconds }: { seconds: number }) => {
    await load()
    turnAllOn(7)
    const clients = startLoad(2)
    set('run', 1)
    await delay(seconds * 1000)
    set('run', 0)
    await clients.stop()
    const stats = statsOf()
    await removeModule()
    return stats
  },
  /** nfsd stops and starts while a run is on, and in the end its module goes and comes. */
  restarts: async ({ times }: { times: number }) => {
    await load()
    turnAllOn(9)
    const clients = startLoad(3)
    set('run', 1)
    for (let time = 0; time < times; time++) {
      await delay(500)
      await command('FCT_TEST', 'rpc.nfsd', '0')
      await command('FCT_TEST', 'rpc.nfsd', String(threads))
    }
    await clients.stop()
    await unmountClients(standing().mounts)
    await command('FCT_TEST', 'exportfs', '-ua')
    await command('FCT_TEST', 'rpc.nfsd', '0')
    const down = statsOf()
    await endProgram('rpc.mountd')
    await command('FCT_TEST', 'umount', '/proc/fs/nfsd')
    await command('FCT_TEST', 'rmmod', 'nfsd')
    const without = readCapabilities()
    await command('FCT_TEST', 'modprobe', 'nfsd')
    const again = readCapabilities()
    await removeModule()
    return { down, without, again }
  },
}

serve(() => handlers).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
