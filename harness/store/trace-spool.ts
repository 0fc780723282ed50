import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TraceMetadata } from '../agent/protocol.js'
import { messageOf, type FctError } from '../fct-error.js'
import { pagesPath, removeParts, spoolsOf, traceDatName, writeTraceHead } from './run-trace.js'
import { storeFailure } from './store-failure.js'
import { FrameReader, parseCpuStats, type CpuStats, type Frame } from './trace-stream.js'
import { writeTraceDat } from './trace-dat.js'
import { appendRemains, type CpuRemains, type Recovery } from './trace-remains.js'

/** What came of a stream of raw pages. */
export interface SpoolEnd {
  /** By CPU; a CPU is missing when the target was gone before it could tell. */
  readonly stats: ReadonlyMap<number, CpuStats>
  /** The target said that all had been sent. */
  readonly complete: boolean
  /** Why the stream is not to be trusted from some point on; empty if it is. */
  readonly damage: string
  /** Why what came could not be kept: FCT_DISK_FULL, FCT_STORE_FAILED. */
  readonly failure?: FctError | undefined
}

/**
 * Takes raw pages from the target as they come and keeps them in the run folder, one file per CPU, then as trace.dat. What has
 * been written can be read at any time, also when this process is killed (`readRunTrace`).
 */
export class TraceSpool {
  readonly #folder: string
  readonly #metadata: TraceMetadata
  readonly #onPage: ((cpu: number, page: Uint8Array) => void) | undefined
  readonly #files = new Map<number, WriteStream>()
  /** By CPU, as the kernel wrote them. */
  readonly #stats = new Map<number, string>()
  #complete = false
  #damage = ''
  #failure: FctError | undefined

  /** @param onPage Sees each page when it comes; it has no unused end, and is only lent. */
  constructor(folder: string, metadata: TraceMetadata, onPage?: (cpu: number, page: Uint8Array) => void) {
    this.#folder = folder
    this.#metadata = metadata
    this.#onPage = onPage
  }

  /** Reads to the end of the stream; never rejects for what the target sent: that is in the answer. */
  async receive(stream: Readable): Promise<SpoolEnd> {
    const frames = new FrameReader()
    try {
      await this.#writeHead()
      for await (const chunk of stream) {
        for (const frame of frames.push(chunk as Buffer)) await this.#keep(frame)
        if (this.#complete) break
      }
      if (frames.pending > 0) this.#damage = 'it ended in the middle of a page'
    } catch (error) {
      this.#damage = messageOf(error)
    }
    await this.#close()
    const stats = new Map([...this.#stats].map(([cpu, text]) => [cpu, parseCpuStats(text)]))
    return { stats, complete: this.#complete, damage: this.#damage, failure: this.#failure }
  }

  async #writeHead(): Promise<void> {
    try {
      await writeTraceHead(this.#folder, this.#metadata)
    } catch (error) {
      throw (this.#failure = storeFailure(error, this.#folder))
    }
  }

  async #keep(frame: Frame): Promise<void> {
    if (frame.kind === 'end') this.#complete = true
    else if (frame.kind === 'stats') this.#stats.set(frame.cpu, frame.text)
    else await this.#keepPage(frame.cpu, frame.data)
  }

  /** A page comes without its unused end; on disk it has its full length, as readers of trace.dat expect. */
  async #keepPage(cpu: number, data: Buffer): Promise<void> {
    this.#onPage?.(cpu, data)
    const page = Buffer.alloc(this.#metadata.pageSize)
    data.copy(page)
    const file = this.#fileOf(cpu)
    if (!file.write(page)) await once(file, 'drain')
    if (this.#failure !== undefined) throw this.#failure
  }

  #fileOf(cpu: number): WriteStream {
    const known = this.#files.get(cpu)
    if (known !== undefined) return known
    const path = pagesPath(this.#folder, cpu)
    const file = createWriteStream(path)
    file.on('error', (error) => {
      this.#failure ??= storeFailure(error, path)
    })
    this.#files.set(cpu, file)
    return file
  }

  async #close(): Promise<void> {
    for (const file of this.#files.values()) {
      file.end()
      // Its failure is noted already.
      await finished(file).catch(() => undefined)
    }
  }

  /**
   * Adds what the target could not send any more, once all that it did send has come.
   *
   * @throws Error as appendRemains()
   */
  append(remains: readonly CpuRemains[]): Promise<Recovery[]> {
    return appendRemains(this.#folder, this.#metadata, remains)
  }

  /**
   * Makes trace.dat of what has come and drops the parts. Until trace.dat is whole they are what is read.
   *
   * @throws FctError FCT_DISK_FULL, FCT_STORE_FAILED; the parts are still there
   */
  async assemble(cmdlines: string): Promise<string> {
    const path = join(this.#folder, traceDatName)
    const spools = spoolsOf(this.#folder, this.#metadata)
    const parts = { metadata: this.#metadata, cmdlines, spools }
    // Counters of a stream that broke off are not the last ones.
    try {
      await writeTraceDat(`${path}.part`, this.#complete ? { ...parts, stats: this.#stats } : parts)
      await rename(`${path}.part`, path)
    } catch (error) {
      await rm(`${path}.part`, { force: true })
      throw storeFailure(error, path)
    }
    await removeParts(this.#folder, this.#metadata)
    return path
  }
}
