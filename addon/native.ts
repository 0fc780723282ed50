import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { addonFile } from './addon-file.js'
import type { ClientLoadOptions, LoadStats } from './client-load.js'
import type { EventType, FieldChoice, FilePart, Trace } from './trace.js'
import type { WalkRecords, WalkRows, WalkTables } from './life-walk.js'
import type { StreamHead } from './trace-batches.js'
import type { TraceReaderStats } from './trace-reader.js'

/**
 * Classes and functions of fctorture.node. They trust their arguments: only the face in this folder calls
 * them.
 */
export interface Native {
  readonly Device: new (path: string) => NativeDevice
  readonly TraceReader: new (
    instance: string,
    fd: number,
    intervalMs: number,
    poolBytes: number,
    markSilentMs: number,
  ) => NativeTraceReader
  readonly ClientLoad: new (options: NativeClientLoadOptions) => NativeClientLoad
  readonly LifeWalk: new (tables: WalkTables) => NativeLifeWalk
  readDebugfs(path: string): string
  writeDebugfs(path: string, value: string): void
  renewMachine(milliseconds: number, entropy: Uint8Array): void
  socketPair(): [number, number]
  frameChecksum(data: Uint8Array): bigint
  readTrace(path: string, buffer: string | undefined, columns: FieldChoice | undefined): Promise<Trace>
  readTraceParts(head: Uint8Array, files: readonly FilePart[]): Promise<Trace>
  openTrace(
    path: string,
    buffer: string | undefined,
    columns: FieldChoice | undefined,
  ): Promise<NativeRecording>
  createTraceStream(head: StreamHead, columns: FieldChoice | undefined): NativeTraceStream
  lifeLayout(): Int32Array
  tallyOperations(operations: Uint16Array, objects: Uint32Array, counts: Uint32Array): void
}

export interface NativeDevice {
  info(): { abi: number; stressors: number; capabilities: bigint }
  addTarget(fd: number): void
  removeTarget(fd: number): void
  start(seed: bigint): void
  stop(): Promise<void>
  phase(phase: number): void
  closeSync(fd: number): Promise<{ cachedBefore: boolean; cachedAfter: boolean }>
  shrink(nrToScan: number): Promise<{ freed: number; lruAfter: number }>
  gc(): Promise<{ lruBefore: number; lruAfter: number }>
  stats(): NativeDeviceStats
  close(): void
}

/** Stressors, and rows and columns of exposure, in the order of `enum fct_stressor_id` (kmod/fct_uapi.h). */
export interface NativeDeviceStats {
  stressors: { called: number; useful: number; raced: number }[]
  exposure: number[][]
  observed: number
  busted: number
  injected: number
  running: boolean
  nfsdUp: boolean
  targets: number
  captured: number
  sweepStep: number
  sweepOffsetNs: number
  pct: { rounds: number; cut: number; passes: number; threads: number; leftOut: number }
}

export interface NativeTraceReader {
  start(): void
  stop(): Promise<TraceReaderStats>
  stats(): TraceReaderStats
  close(): void
}

/** What one call of `next` gave; `types`, `pointers` and `strings` are those that are new. */
export interface NativeBatch extends Pick<Trace, 'rows' | 'pointers' | 'strings' | 'gaps'> {
  columns: (Trace['columns'][number] | undefined)[]
  types: EventType[]
  /** As far as it. */
  perCpu: Trace['perCpu']
  isEnded: boolean
}

export interface NativeBatches {
  types: EventType[]
  /** Not again before the promise is settled. */
  next(most: number): Promise<NativeBatch>
  /** Before the first batch. */
  perCpu: Trace['perCpu']
}

export interface NativeRecording
  extends
    NativeBatches,
    Pick<Trace, 'version' | 'longSize' | 'cpus' | 'buffer' | 'clock' | 'comms' | 'ringStats'> {
  /** Not while a promise of next() is not settled; nothing may be called afterwards. */
  close(): void
}

export interface NativeTraceStream extends NativeBatches {
  push(cpu: number, page: Uint8Array): void
  quiet(cpu: number, until: bigint): void
  end(): void
}

/** `zipf`: 0 for a uniform choice. `rate`: 0 for none. */
export type NativeClientLoadOptions = Omit<ClientLoadOptions, 'choice' | 'rate'> & {
  readonly zipf: number
  readonly rate: number
}

export interface NativeClientLoad {
  start(): void
  stop(): Promise<LoadStats>
  giveUp(): void
  stats(): LoadStats
  close(): void
}

export interface NativeLifeWalk {
  enter(rows: WalkRows, records: WalkRecords): void
  /** Returns more than `to` if a row points beyond its columns, or beyond the records. */
  run(from: number, to: number, isCleared: boolean): number
}

/** Thrown when there is no fctorture.node to load: it has not been built. */
class AddonMissing extends Error {
  readonly code = 'FCT_ADDON_MISSING'
}

let loaded: Native | undefined

/**
 * Loads the addon at the first call, so that who only imports a type can do without it.
 */
export function native(): Native {
  loaded ??= createRequire(import.meta.url)(findAddon()) as Native
  return loaded
}

function findAddon(): string {
  const path = process.env['FCTORTURE_ADDON'] ?? addonFile()
  if (existsSync(path)) return path
  throw new AddonMissing(`the addon is not built: no ${path} (npx fctorture setup makes it)`)
}
