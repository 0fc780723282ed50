/**
 * What host and agent say to each other over the control channel: one JSON document a line, in UTF-8.
 * Requests go down, one answer each comes up; notices come up unasked.
 */
import type { DeviceStats, FileChoice, LoadStats } from '../../addon/index.js'

/** `nfs`: a mount of our own ext4 export, exported again. */
export const fileSystems = ['tmpfs', 'ext4', 'xfs', 'btrfs', 'nfs'] as const
export type FileSystem = (typeof fileSystems)[number]
export type Disturbance = 'restart' | 'namespace'
export const nfsVersions = ['3', '4.0', '4.1', '4.2'] as const
export type NfsVersion = (typeof nfsVersions)[number]

/** Virtio-serial ports of a guest, by the names the guest sees. */
export const controlPort = 'fct.control'
export const tracePort = 'fct.trace'

/** Hardware addresses of a guest's network cards begin so. */
export const cardPrefix = '52:54:00:fc:'

export interface StageParams {
  readonly exports: readonly FileSystem[]
  /** Clients on machines of their own, each at a network card; without it they are in this one. */
  readonly machines?: number
}

export interface PrepareParams {
  readonly versions: readonly NfsVersion[]
  /** Whether nfsd may delegate files to NFSv4 clients. */
  readonly delegations: boolean
  readonly nfsdThreads: number
  /** Value of the module's `busted` parameter; empty for a sound module. */
  readonly busted: string
  /** Whether the module was built with the layout of struct nfsd_file; else the agent reads it from the kernel's BTF. */
  readonly knowsLayout: boolean
  /** Tracepoints of nfsd that are recorded beside our own events. */
  readonly events: readonly string[]
  /** Ring buffer of the trace instance, KiB per CPU. */
  readonly bufferKiB: number
}

/** What a reader of raw pages must know of the kernel that wrote them; texts are tracefs files, verbatim. */
export interface TraceMetadata {
  readonly headerPage: string
  readonly headerEvent: string
  readonly clock: string
  readonly formats: readonly { readonly system: string; readonly name: string; readonly text: string }[]
  readonly cpus: number
  readonly pageSize: number
}

/**
 * Where a kernel keeps the sub-buffers of a tracing instance, for who reads them out of its memory. Offsets are bytes, by `struct.member`;
 * structures are those of kernel/trace/trace.h and ring_buffer.c.
 */
export interface RingMap {
  readonly instance: string
  /** Address of the list `ftrace_trace_arrays`, hexadecimal. */
  readonly instances: string
  readonly offsets: Readonly<Record<string, number>>
}

/** A kernel that does not tell, and why. */
export interface NoRingMap {
  readonly reason: string
}

export interface NfsdIdentity {
  /** modpost's hash over its sources; null if the kernel was built without (Debian's are). */
  readonly srcversion: string | null
  /** The linker's hash over its code, hexadecimal; null if it has none. */
  readonly buildId: string | null
}

/** `full`: anywhere; `voluntary`: only where it offers it; `lazy`: anywhere, but seldom. */
export type Preemption = 'full' | 'lazy' | 'voluntary' | 'none'

export interface Prepared {
  readonly release: string
  /** Which nfsd.ko is loaded. */
  readonly nfsd: NfsdIdentity
  /** Lines of the module's `capabilities` file. */
  readonly capabilities: string
  /** When its kernel takes the CPU from a task that is in the kernel. */
  readonly preemption: Preemption
  readonly trace: TraceMetadata
  readonly ring: RingMap | NoRingMap
}

/** What the host knows better than a guest that may have stood still for days; a machine that is not ours is left as it is. */
export interface BeginParams {
  /** Time since 1970, ms. */
  readonly now: number
  /** Random bytes, base64. */
  readonly entropy: string
}

/** For a client on a machine of its own: which one it is, and what it mounts. */
export interface JoinParams extends BeginParams {
  /** From 1. */
  readonly machine: number
  readonly exports: readonly FileSystem[]
  readonly versions: readonly NfsVersion[]
}

/** Values for the debugfs knobs, by folder: `knobs.close.gap_us = 200` is written to close/gap_us. */
export type Knobs = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface ClientPlan {
  /** Threads per mount. */
  readonly threads: number
  readonly files: number
  readonly choice?: FileChoice | undefined
  /** Bytes per file. */
  readonly size: number
  readonly mix: Readonly<Record<string, number>>
  /** Operations per second of a thread, at the most. */
  readonly rate?: number | undefined
}

export interface LoadParams {
  /** Decimal, because JSON has no 64-bit integers. */
  readonly seed: string
  readonly knobs: Knobs
  readonly clients: ClientPlan
  readonly churn?: ClientPlan | undefined
  readonly disturb: readonly Disturbance[]
  readonly nfsdThreads: number
}

export interface WaitParams {
  readonly seconds: number
}
export type WorkParams = Pick<LoadParams, 'seed' | 'clients' | 'churn'>

/** Where the guest stands; counters since the start of the load. */
export interface Progress {
  /** Guest seconds since the load began. */
  readonly seconds: number
  readonly device: DeviceStats
  readonly clients: LoadStats
  readonly trace: { readonly pages: number; readonly bytes: number; readonly blocked: number }
}

/** /proc/fs/nfsd/filecache as text, and when it was read. */
export interface FilecacheSample {
  readonly phase: 'start' | 'load' | 'quiet' | 'shutdown' | 'end'
  readonly text: string
}

/** What of the kernel's resources was there before the load and after nfsd had stopped. */
export interface Leftovers {
  /** Lines of /proc/slabinfo. */
  readonly slabsBefore: string
  readonly slabsAfter: string
  /** Exported file systems that could not be unmounted because something in them was open. */
  readonly busy: readonly string[]
}

export interface FinishParams {
  /** Longest wait for the laundrette to dispose of all that is idle, ms. */
  readonly quietMs: number
}

export interface Finished {
  readonly progress: Progress
  /** Guest seconds of load. */
  readonly loadSeconds: number
  /** How often each disturbance has happened. */
  readonly disturbances: Readonly<Record<string, number>>
  readonly filecache: readonly FilecacheSample[]
  readonly leftovers: Leftovers
  readonly cmdlines: string
}

/** Each request, its parameters and its answer. */
export interface AgentMethods {
  /** All that can be done before it is known which nfsd it will be. */
  readonly stage: { readonly params: StageParams; readonly result: null }
  /** Before this, and behind it, the machine may be saved, and resume any number of times. */
  readonly prepare: { readonly params: PrepareParams; readonly result: Prepared }
  readonly begin: { readonly params: BeginParams | null; readonly result: null }
  readonly load: { readonly params: LoadParams; readonly result: null }
  /** Lets the load go on for so long by the target's own clock: for a script, since a host that is there waits itself. */
  readonly wait: { readonly params: WaitParams; readonly result: null }
  /** Stressors and disturbances end, clients go on; `finish` does so by itself if nobody else has clients. */
  readonly rest: { readonly params: null; readonly result: null }
  readonly finish: { readonly params: FinishParams; readonly result: Finished }
  readonly leave: { readonly params: null; readonly result: null }
  /** From here on: a client on a machine of its own. Behind this it may be saved. */
  readonly stageClient: { readonly params: null; readonly result: null }
  readonly join: { readonly params: JoinParams; readonly result: null }
  readonly work: { readonly params: WorkParams; readonly result: null }
  /** Its load ends, and its mounts go. */
  readonly down: { readonly params: null; readonly result: LoadStats }
}

export type Method = keyof AgentMethods

export interface Request {
  readonly id: number
  readonly method: Method
  readonly params: unknown
}

/** A request of a script. The one at place n of it, counted from 1, has n as its number. */
export type ScriptedRequest = {
  [M in Method]: { readonly method: M; readonly params: AgentMethods[M]['params'] }
}[Method]

export interface Failure {
  readonly code: `FCT_${string}`
  readonly message: string
  readonly detail: string
}

export type Answer =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly failure: Failure }

export type Notice =
  | { readonly notice: 'hello'; readonly node: string; readonly release: string }
  | { readonly notice: 'progress'; readonly progress: Progress }
  | { readonly notice: 'step'; readonly text: string }
  | { readonly notice: 'clients'; readonly clients: LoadStats }
  /** /proc/kallsyms of a deterministic guest that is prepared, compressed, in base64. */
  | { readonly notice: 'symbols'; readonly gzip: string }

export type Upward = Answer | Notice
