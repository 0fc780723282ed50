import { mkdir, open, readdir, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { Device, renewMachine, TraceReader } from '../../../addon/index.js'
import {
  type AgentMethods,
  type FilecacheSample,
  type Knobs,
  type Method,
  type NoRingMap,
  type Progress,
  type RingMap,
} from '../protocol.js'
import { startClients, type Clients } from './client-load.js'
import type { ClientMachine } from './client-machine.js'
import { createNamespace, startDisturbances, type Disturber, type ForeignNamespace } from './disturbance.js'
import {
  mountFileSystems,
  mountReexport,
  unmountFileSystem,
  unmountFileSystems,
  type Export,
} from './file-systems.js'
import { mountClients, unmountClients, type ClientMount } from './nfs-clients.js'
import {
  exportAll,
  lruEntries,
  readFilecache,
  requireVersions,
  stageServer,
  startServer,
  stopServer,
} from './nfs-server.js'
import { attachServer } from './network.js'
import type { Upstream } from './serve.js'
import { readPreemption } from './preemption.js'
import { readRingMap } from './ring-map.js'
import { hasScript } from './script.js'
import { readSlabs } from './slabs.js'
import { readSymbols } from './symbols.js'
import { identifyNfsd, loadModule, readCapabilities, removeModule, setKnobs } from './test-module.js'
import {
  createTracingInstance,
  readCmdlines,
  removeTracingInstance,
  stopTracing,
  type TracingInstance,
} from './tracing-instance.js'
import { mountUnderTest } from './under-test.js'

/** The agent's answers, one function per request of the protocol. */
export type Torture = {
  [M in Exclude<Method, keyof ClientMachine>]: (
    params: AgentMethods[M]['params'],
  ) => Promise<AgentMethods[M]['result']>
}

const progressEveryMs = 1000
/** A live judge is at most that far behind for CPUs that are silent, and the trace of a machine that dies as whole. */
const markSilentMs = 500
const pollEveryMs = 200
const leftoverLimitMs = 3000

/** With `stage`. */
interface Stage {
  readonly exports: Export[]
  /** An NFS mount will be exported again. */
  readonly hasReexport: boolean
  /** Clients on machines of their own; none are in this one then. */
  readonly machines: number
  readonly ring: RingMap | NoRingMap
}

/** Everything that stands once `prepare` is done. */
interface Stand {
  readonly exports: readonly Export[]
  readonly mounts: readonly ClientMount[]
  readonly device: Device
  readonly instance: TracingInstance
}

/** With `begin` the trace is read. */
interface Bench extends Stand {
  readonly reader: TraceReader
}

/** A load under way. */
interface Load {
  readonly clients: Clients
  readonly disturber: Disturber
  hasRested: boolean
  readonly namespace: ForeignNamespace | undefined
  /** What stood in /proc before it. */
  readonly before: { readonly slabs: string; readonly filecache: string }
  readonly began: number
  readonly ticker: NodeJS.Timeout
}

export function createTorture(upstream: Upstream): Torture {
  const { send } = upstream
  let stage: Stage | undefined
  let stand: Stand | undefined
  let bench: Bench | undefined
  let load: Load | undefined
  const step = (text: string): void => {
    send({ notice: 'step', text })
  }
  const stands = (): Bench => bench ?? fail('begin')
  return {
    stage: async ({ exports, machines = 0 }) => {
      step('mounting file systems')
      const mounted = await mountFileSystems(exports)
      const hasReexport = exports.includes('nfs')
      stage = { exports: mounted, hasReexport, machines, ring: await readRingMap() }
      if (machines > 0) await attachServer(machines)
      step('loading what nfsd needs')
      await stageServer()
      return null
    },
    prepare: async (params) => {
      const staged = stage ?? fail('stage')
      stand = await prepare(staged, params, step)
      if (hasScript()) send({ notice: 'symbols', gzip: await readSymbols() })
      return {
        release: release(),
        nfsd: await identifyNfsd(),
        capabilities: readCapabilities(),
        preemption: await readPreemption(),
        trace: stand.instance.metadata,
        ring: staged.ring,
      }
    },
    begin: (fresh) => {
      if (fresh !== null) renewMachine(fresh.now, Buffer.from(fresh.entropy, 'base64'))
      bench = begin(stand ?? fail('prepare'), upstream)
      return Promise.resolve(null)
    },
    load: async (params) => {
      load = await startLoad(stands(), params, send)
      return null
    },
    rest: async () => {
      await rest(stands(), load ?? fail('load'), step)
      return null
    },
    wait: async ({ seconds }) => {
      await delay(seconds * 1000)
      return null
    },
    finish: async ({ quietMs }) => finish(stands(), load ?? fail('load'), quietMs, step),
    leave: () => Promise.resolve(null),
  }
}

function fail(method: Method): never {
  throw new Error(`the host asked out of order: ${method} comes first`)
}

async function prepare(
  { exports, hasReexport, machines }: Stage,
  params: AgentMethods['prepare']['params'],
  step: (text: string) => void,
): Promise<Stand> {
  step('starting nfsd')
  await mountUnderTest()
  await startServer(exports, params)
  await requireVersions(params.versions)
  if (hasReexport) {
    step('exporting an NFS mount again')
    exports.push(await mountReexport())
    await exportAll(exports)
  }
  step('mounting NFS')
  const mounts = machines > 0 ? [] : await mountClients(exports, params.versions)
  step('loading fctorture.ko')
  await loadModule(params)
  const device = Device.open()
  step('preparing the trace')
  const instance = await createTracingInstance(params.bufferKiB, params.events)
  return { exports, mounts, device, instance }
}

function begin(stand: Stand, { openTrace }: Upstream): Bench {
  const { folder } = stand.instance
  const reader = new TraceReader({ instance: folder, fd: openTrace(), markSilentMs })
  reader.start()
  return { ...stand, reader }
}

async function startLoad(
  bench: Bench,
  params: AgentMethods['load']['params'],
  send: Upstream['send'],
): Promise<Load> {
  const namespace =
    (params.knobs['purge']?.['foreign_percent'] ?? 0) > 0 ? await createNamespace() : undefined
  setKnobs(namespace === undefined ? params.knobs : withForeigner(params.knobs, namespace.pid))
  for (const { folder } of bench.exports)
    await addTargets(bench.device, join(folder, 'files'), params.clients.files, params.clients.size)
  for (const { folder } of bench.exports) await mkdir(join(folder, 'churn'), { mode: 0o777 })
  const before = { slabs: await readSlabs(), filecache: await readFilecache() }
  bench.device.phase('load')
  bench.device.start(BigInt(params.seed))
  const clients = startClients(bench.mounts, params)
  const disturber = startDisturbances(params.disturb, params.nfsdThreads)
  const began = performance.now()
  const ticker = setInterval(() => {
    send({ notice: 'progress', progress: progressOf(bench, clients, began) })
  }, progressEveryMs)
  return { clients, disturber, hasRested: false, namespace, before, began, ticker }
}

/** Tells the purge stressor whose namespace is the second one. */
function withForeigner(knobs: Knobs, pid: number): Knobs {
  return { ...knobs, purge: { ...knobs['purge'], foreign_pid: pid } }
}

/** Creates the files that clients use and makes each a target; the module pins them, so our descriptors can go. */
async function addTargets(device: Device, folder: string, files: number, size: number): Promise<void> {
  await mkdir(folder, { mode: 0o777 })
  for (let number = 0; number < files; number++) {
    const path = join(folder, `f${String(number)}`)
    await writeFile(path, Buffer.alloc(size))
    const file = await open(path, 'r')
    device.addTarget(file.fd)
    await file.close()
  }
}

function progressOf(bench: Bench, clients: Clients, began: number): Progress {
  return {
    seconds: (performance.now() - began) / 1000,
    device: bench.device.stats(),
    clients: clients.stats(),
    trace: bench.reader.stats(),
  }
}

/** Clients go on until they have left something on the LRU, so that the laundrette has work in the quiet to come. */
async function rest(bench: Bench, load: Load, step: (text: string) => void): Promise<void> {
  step('stopping the load')
  load.hasRested = true
  await load.disturber.stop()
  await bench.device.stop()
  await load.namespace?.leave()
  await untilLru((entries) => entries !== '0', leftoverLimitMs)
}

async function finish(
  bench: Bench,
  load: Load,
  quietMs: number,
  step: (text: string) => void,
): Promise<AgentMethods['finish']['result']> {
  if (!load.hasRested) await rest(bench, load, step)
  clearInterval(load.ticker)
  const progress = { ...progressOf(bench, load.clients, load.began), clients: await load.clients.stop() }
  const start: FilecacheSample = { phase: 'start', text: load.before.filecache }
  const filecache = [start, ...(await calmDown(bench, quietMs, step))]
  const slabsAfter = await readSlabs()
  step('reading the rest of the trace')
  const cmdlines = await readCmdlines()
  await stopTracing(bench.instance)
  await bench.reader.stop()
  bench.reader.close()
  bench.device.close()
  await removeTracingInstance(bench.instance)
  await removeModule()
  const leftovers = {
    slabsBefore: load.before.slabs,
    slabsAfter,
    busy: await unmountFileSystems(bench.exports),
  }
  const disturbances = load.disturber.counts()
  return { progress, loadSeconds: progress.seconds, disturbances, filecache, leftovers, cmdlines }
}

/** Quiet, until the laundrette has had its time; then nfsd is stopped. The trace goes on to the end of it. */
async function calmDown(
  bench: Bench,
  quietMs: number,
  step: (text: string) => void,
): Promise<FilecacheSample[]> {
  const samples: FilecacheSample[] = []
  const sample = async (phase: FilecacheSample['phase']): Promise<void> => {
    samples.push({ phase, text: await readFilecache() })
  }
  await sample('load')
  bench.device.phase('quiet')
  step('waiting for the laundrette')
  await untilLru((entries) => entries === '0', quietMs)
  await sample('quiet')
  bench.device.phase('shutdown')
  step('stopping nfsd')
  await unmountClients(bench.mounts)
  await leaveReexport(bench)
  await sample('shutdown')
  await stopServer()
  bench.device.phase('end')
  await sample('end')
  return samples
}

/** An NFS mount of our own export needs nfsd to go. */
async function leaveReexport({ device, exports }: Bench): Promise<void> {
  const again = exports.find(({ fileSystem }) => fileSystem === 'nfs')
  if (again === undefined) return
  await exportAll(exports.filter((other) => other !== again))
  await removeTargets(device, join(again.folder, 'files'))
  await unmountFileSystem(again)
}

async function removeTargets(device: Device, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = await open(join(folder, name), 'r')
    device.removeTarget(file.fd)
    await file.close()
  }
}

/** The kernel has no event for an empty cache: its counter is read until it is as wanted or the time is over. */
async function untilLru(isWanted: (entries: string | undefined) => boolean, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!isWanted(lruEntries(await readFilecache())) && performance.now() < deadline)
    await delay(pollEveryMs)
}
