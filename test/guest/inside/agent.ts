/** An agent for tests of the module: it takes the place of the usual one in a guest, and speaks the same protocol. */
import { existsSync } from 'node:fs'
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { Device } from '../../../addon/index.js'
import { parseCapabilities } from '../../../harness/agent/capabilities.js'
import { startClients, type Clients } from '../../../harness/agent/guest/client-load.js'
import { command } from '../../../harness/agent/guest/command.js'
import { mountFileSystems, type Export } from '../../../harness/agent/guest/file-systems.js'
import { mountClients, unmountClients, type ClientMount } from '../../../harness/agent/guest/nfs-clients.js'
import { restartServer, stageServer, startServer } from '../../../harness/agent/guest/nfs-server.js'
import { serve } from '../../../harness/agent/guest/serve.js'
import {
  layoutParameters,
  loadModule,
  readCapabilities,
  removeModule,
} from '../../../harness/agent/guest/test-module.js'
import { mountUnderTest } from '../../../harness/agent/guest/under-test.js'
import { stressors } from '../../../addon/device.js'
import { acquires, counted, countsOf, highestRateOf, injectAt, observe, set, statsOf } from './knobs.js'
import { onOneCpu, pctThreads, policiesOf } from './policies.js'
import { readers, type ReadParams } from './trace-readers.js'

const files = 8
const threads = 4

interface Stand {
  readonly exports: readonly Export[]
  mounts: readonly ClientMount[]
}

let stand: Stand | undefined
let layout: readonly string[] = []

function standing(): Stand {
  if (stand === undefined) throw new Error('stand comes first')
  return stand
}

async function load(...parameters: string[]): Promise<void> {
  await loadModule({ busted: '', knowsLayout: true }, [...layout, ...parameters])
}

function addTargets(): void {
  for (const { folder } of standing().exports) {
    for (let number = 0; number < files; number++) set('targets', join(folder, 'files', `f${String(number)}`))
  }
}

/** Every stressor with a thread, and every injection point with delays and forced switches by turns. */
function turnAllOn(seed: number): void {
  const { absent, points } = parseCapabilities(readCapabilities())
  for (const name of stressors) {
    if (absent.has(name)) continue
    if (name === 'acquire') set('acquire/repeat', 4)
    // Two parties: more than there are CPUs can only meet if one is put aside in the middle.
    else set(`${name}/threads`, name === 'rendezvous' ? 2 : 1)
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
  addTargets()
}

function startLoad(seed: number): Clients {
  const plan = { threads: 1, files, size: 4096, mix: { read: 3, write: 2 } }
  return startClients(standing().mounts, { seed: String(seed), clients: plan, churn: plan })
}

/**
 * Loaded, run under load and unloaded, by turns without the run being stopped before. Unless `atWork`, the clients are at
 * rest while the module comes and goes: patching text that another virtual CPU executes freezes guests under software
 * emulation, but for those with one thread.
 */
async function cycle(number: number, atWork: boolean): Promise<void> {
  const before = atWork ? startLoad(number) : undefined
  await load()
  turnAllOn(number)
  set('run', 1)
  const clients = before ?? startLoad(number)
  await delay(200)
  if (number % 2 === 0) set('run', 0)
  if (!atWork) await clients.stop()
  await removeModule()
  if (atWork) await clients.stop()
}

/** With the module loaded, no client at work and nothing running, until `measure` says otherwise. */
async function withCaptured<T>(parameters: readonly string[], measure: () => Promise<T>): Promise<T> {
  await load(...parameters)
  addTargets()
  for (const [knob, value] of [
    ['threads', 1],
    ['gap_us', 0],
    ['burst', 1000],
  ] as const)
    set(`synthetic/${knob}`, value)
  set('run', 1)
  const clients = startLoad(1)
  while (counted('captured') < 2 * files) await delay(50)
  set('run', 0)
  await clients.stop()
  try {
    return await measure()
  } finally {
    await removeModule()
  }
}

async function during<T>(measure: () => Promise<T>): Promise<T> {
  set('run', 1)
  try {
    return await measure()
  } finally {
    set('run', 0)
  }
}

function operationsOf(clients: Clients): number {
  return Object.values(clients.stats().operations).reduce((sum, count) => sum + count, 0)
}

/** At least so many, by clients that come and go. */
async function doOperations(count: number): Promise<void> {
  const clients = startLoad(5)
  while (operationsOf(clients) < count) await delay(20)
  await clients.stop()
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
  stand: async ({ knowsLayout }: { knowsLayout: boolean }) => {
    const exports = await mountFileSystems(['tmpfs', 'ext4'])
    await stageServer()
    await mountUnderTest()
    await startServer(exports, { delegations: false, nfsdThreads: threads })
    if (!knowsLayout) layout = await layoutParameters()
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
  /** A target on a file system of its own: what unmounting says while it is held and unlinked, and after it was dropped. */
  pins: async () => {
    const folder = '/mnt/pins'
    await command('FCT_TEST', 'mkdir', '-p', folder)
    await command('FCT_TEST', 'mount', '-t', 'tmpfs', 'tmpfs', folder)
    await writeFile(join(folder, 'file'), 'x')
    await load()
    set('targets', join(folder, 'file'))
    await rm(join(folder, 'file'))
    const held = await execa('umount', [folder], { reject: false })
    set('targets', '\n')
    const dropped = await execa('umount', [folder], { reject: false })
    await removeModule()
    return { held: held.stderr, dropped: dropped.exitCode }
  },
  /** What one close does to a file that a v3 client has just read. */
  close: async ({ name, parameters }: { name: string; parameters: string[] }) => {
    const { exports, mounts } = standing()
    const mount = mounts.find(({ version }) => version === '3')
    await load(...parameters)
    const device = Device.open()
    const file = await open(join(exports[0]?.folder ?? '', 'files', name))
    try {
      await readFile(join(mount?.folder ?? '', 'files', name))
      return await device.closeSync(file.fd)
    } finally {
      await file.close()
      device.close()
      await removeModule()
    }
  },
  cycles: async ({ count, atWork }: { count: number; atWork: boolean }) => {
    for (let number = 0; number < count; number++) await cycle(number, atWork)
    return null
  },
  /** A run of some seconds with all that there is. */
  everything: async ({ seconds }: { seconds: number }) => {
    await load()
    turnAllOn(7)
    set('run', 1)
    const clients = startLoad(2)
    await delay(seconds * 1000)
    set('run', 0)
    await clients.stop()
    const stats = statsOf()
    const capabilities = readCapabilities()
    await removeModule()
    return { capabilities, stats }
  },
  /** Operations per second, as highestRateOf has them, of the clients alone, each of them an open, a read or write, and a close. */
  clientRate: async ({ seconds }: { seconds: number }) => {
    const clients = startLoad(1)
    const rate = await highestRateOf(() => operationsOf(clients), seconds)
    await clients.stop()
    return rate
  },
  /** What the module does per second with nobody else at work: acquires of one thread, and useful closes of another. */
  rates: ({ seconds }: { seconds: number }) =>
    withCaptured([], async () => {
      const synthetic = await during(() => highestRateOf(acquires, seconds))
      set('close/threads', 1)
      set('close/gap_us', 0)
      set('close/burst', 1000)
      const close = await during(() => highestRateOf(() => countsOf('close')['useful'] ?? 0, seconds))
      return { synthetic, close }
    }),
  /** Acquires per second, by the fastest of many moments, with a module that is loaded like this; observed into a ring that is off. */
  acquireRate: ({
    parameters,
    isObserved,
    seconds,
  }: {
    parameters: string[]
    isObserved: boolean
    seconds: number
  }) =>
    withCaptured(parameters, async () => {
      await writeFile('/sys/kernel/tracing/tracing_on', '0')
      await observe(isObserved)
      return during(() => highestRateOf(acquires, seconds))
    }),
  /** What there is, with a module that is loaded like this. */
  placed: async ({ parameters }: { parameters: string[] }) => {
    await load(...parameters)
    const capabilities = readCapabilities()
    await removeModule()
    return capabilities
  },
  /** How many points, at functions or at tracepoints, an acquire and its put come by. */
  pointsPassed: ({ at }: { at: 'functions' | 'tracepoints' }) =>
    withCaptured([], async () => {
      injectAt(at)
      const before = { injected: counted('injected'), acquires: acquires() }
      await during(() => delay(1000))
      return (counted('injected') - before.injected) / (acquires() - before.acquires)
    }),
  /**
   * What is counted under clients: `observed` with nothing running, `injected` at tracepoints to which a rate is given during a
   * run, and in the next run.
   */
  wanted: async () => {
    const grown = async (name: string): Promise<number> => {
      const before = counted(name)
      await doOperations(200)
      return counted(name) - before
    }
    await load()
    set('run', 1)
    injectAt('tracepoints')
    const during = await grown('injected')
    set('run', 0)
    set('run', 1)
    const next = await grown('injected')
    await removeModule()
    await load()
    await observe(true)
    const observed = await grown('observed')
    await observe(false)
    await removeModule()
    return { during, next, observed }
  },
  /** Strategy pct: policies during a run, as often as the agent has the CPU, after it, and after the module went during one. */
  priorities: async ({ samples }: { samples: number }) => {
    await load()
    turnAllOn(3)
    set('rendezvous/threads', 0)
    set('inject/strategy', 1)
    set('inject/steps', 200)
    let refused = ''
    try {
      set('run', 1)
    } catch (error) {
      refused = (error as NodeJS.ErrnoException).code ?? ''
    }
    return onOneCpu(async () => {
      const during = new Set<string>()
      set('run', 1)
      const clients = startLoad(3)
      const threads = await pctThreads()
      for (let sample = 0; sample < samples; sample++) {
        for (const policy of policiesOf(threads)) during.add(policy)
        await delay(1)
      }
      set('run', 0)
      const [after, pct] = [policiesOf(threads), countsOf('pct')]
      set('run', 1)
      await delay(300)
      await clients.stop()
      await removeModule()
      return { refused, during: [...during], after, pct, unloaded: policiesOf(threads) }
    })
  },
  /** A reader of the trace, while every stressor works at its default pace beside clients. */
  read: async ({ reader, bufferKiB, seconds }: ReadParams) => {
    await load()
    const { absent } = parseCapabilities(readCapabilities())
    for (const name of stressors) {
      if (!absent.has(name) && name !== 'acquire') set(`${name}/threads`, 1)
    }
    set('acquire/repeat', 4)
    addTargets()
    const work = (): Promise<void> =>
      during(async () => {
        const clients = startLoad(4)
        await delay(seconds * 1000)
        await clients.stop()
      })
    try {
      return await readers[reader](work, bufferKiB)
    } finally {
      await removeModule()
    }
  },
  /** nfsd stops and starts while a run is on, and in the end its module goes and comes. */
  restarts: async ({ times }: { times: number }) => {
    await load()
    turnAllOn(9)
    set('run', 1)
    const clients = startLoad(3)
    for (let time = 0; time < times; time++) {
      await delay(500)
      await restartServer(threads)
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
