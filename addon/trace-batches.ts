import { checkFieldChoice, checkInteger, checkPath, checkString, checkU64 } from './arguments.js'
import {
  native,
  type NativeBatch,
  type NativeBatches,
  type NativeRecording,
  type NativeTraceStream,
} from './native.js'
import type { EventType, ReadTraceOptions, Trace } from './trace.js'

/** Some of a trace's events, in its order, as struct of arrays. */
export interface Batch {
  readonly rows: Trace['rows']
  /** By type, then by field; a type without a row in this batch has none. */
  readonly columns: readonly (Trace['columns'][number] | undefined)[]
  /** That ended in this batch. */
  readonly gaps: Trace['gaps']
}

/** What a kernel says about its trace: tracefs files, verbatim. */
export interface StreamHead {
  readonly headerPage: string
  readonly formats: readonly { readonly system: string; readonly text: string }[]
  readonly cpus: number
}

export interface OpenTraceOptions extends ReadTraceOptions {
  /** Most events of a batch; 65,536 by default. */
  readonly batchRows?: number | undefined
}

const defaultRows = 65_536

/** Resolves when something has come. */
interface Arrival {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function createArrival(): Arrival {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A method was called that has no place any more. */
class TraceState extends Error {
  readonly code = 'FCT_TRACE_STATE'
}

/**
 * What the batches of a trace have in common, and grows with them: their types, and what their ids stand for.
 */
abstract class TraceTables {
  /** Index -> type, as in `rows.type`. Those that the trace does not describe come at the end. */
  readonly types: readonly EventType[]
  readonly #pointers: bigint[] = []
  readonly #strings: string[] = []
  readonly #batches: NativeBatches
  readonly #batchRows: number
  #perCpu: Trace['perCpu']

  protected constructor(batches: NativeBatches, batchRows: number) {
    this.#batches = batches
    this.#batchRows = batchRows
    this.types = batches.types
    this.#perCpu = batches.perCpu
  }

  /** Id -> pointer, of the batches so far. */
  get pointers(): readonly bigint[] {
    return this.#pointers
  }

  /** The pointer of the traced kernel; 0n for an id that no batch so far had. */
  pointer(id: number): bigint {
    return this.#pointers[id] ?? 0n
  }

  /** '' for an id that no batch so far had. */
  string(id: number): string {
    return this.#strings[id] ?? ''
  }

  /** By CPU, up to now. `pages` and `events` are of what the batches so far were made. */
  summarize(): Trace['perCpu'] {
    return this.#perCpu
  }

  /** The next one; it is not the current one yet. */
  protected async decode(): Promise<NativeBatch> {
    return this.#batches.next(this.#batchRows)
  }

  protected enter(batch: NativeBatch): NativeBatch {
    for (const type of batch.types) this.#batches.types.push(type)
    for (const pointer of batch.pointers) this.#pointers.push(pointer)
    for (const text of batch.strings) this.#strings.push(text)
    this.#perCpu = batch.perCpu
    return batch
  }
}

/** A recording that is read from front to back, once; memory is that of two batches, for the next one is made
 * while one is worked on. The end of the iteration closes it. */
export class TraceRecording extends TraceTables implements AsyncIterable<Batch> {
  /** As in `Trace`. */
  readonly head: Pick<Trace, 'version' | 'longSize' | 'cpus' | 'buffer' | 'clock' | 'comms' | 'ringStats'>
  readonly #native: NativeRecording
  #isTaken = false
  #isClosed = false

  /** Use openTrace(). */
  constructor(recording: NativeRecording, batchRows: number) {
    super(recording, batchRows)
    this.#native = recording
    const { version, longSize, cpus, buffer, clock, comms, ringStats } = recording
    this.head = { version, longSize, cpus, buffer, clock, comms, ringStats }
  }

  /**
   * @throws TraceState the second time.
   * @throws Error as readTrace(), in the middle if it is there that something is wrong.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (this.#isTaken) throw new TraceState('the recording has been read already; open it again')
    if (this.#isClosed) throw new TraceState('the recording is closed')
    this.#isTaken = true
    let next = this.#decodeAhead()
    try {
      for (;;) {
        const batch = this.enter(await next)
        if (!batch.isEnded) next = this.#decodeAhead()
        if (batch.rows.count > 0 || batch.gaps.length > 0) yield batch
        if (batch.isEnded) return
      }
    } finally {
      await next.catch(() => undefined)
      this.#release()
    }
  }

  /**
   * Gives back the file and the memory of a recording that is not read. Idempotent.
   *
   * @throws TraceState while it is read: to leave the loop closes it, too.
   */
  close(): void {
    if (this.#isTaken && !this.#isClosed) throw new TraceState('the recording is being read')
    this.#release()
  }

  /** What it fails with is of interest when its turn comes, if it does. */
  #decodeAhead(): Promise<NativeBatch> {
    const next = this.decode()
    next.catch(() => undefined)
    return next
  }

  #release(): void {
    if (!this.#isClosed) this.#native.close()
    this.#isClosed = true
  }
}

/**
 * Opens a trace.dat of version 6 or 7, to be read batch by batch: `for await (const batch of trace)`.
 *
 * @throws Error as readTrace().
 */
export async function openTrace(
  path: string,
  { buffer, columns, batchRows = defaultRows }: OpenTraceOptions = {},
): Promise<TraceRecording> {
  if (buffer !== undefined) checkString(buffer, 'buffer')
  const rows = checkInteger(batchRows, 'batchRows', 1, 2 ** 31)
  const choice = checkFieldChoice(columns)
  return new TraceRecording(await native().openTrace(checkPath(path, 'path'), buffer, choice), rows)
}

/**
 * Raw pages of a running target in, batches of columns out, as soon as it is certain what came first: an event
 * waits until every other CPU has had a later one, or was said to be quiet.
 */
export class TraceStream extends TraceTables implements AsyncIterable<Batch> {
  readonly #native: NativeTraceStream
  readonly #cpus: number
  #isEnded = false
  #isTaken = false
  #arrival = createArrival()

  /** @throws Error with code `FCT_DECODE_FORMAT` if a text is not what a kernel writes. */
  constructor(head: StreamHead, { columns, batchRows = defaultRows }: Omit<OpenTraceOptions, 'buffer'> = {}) {
    checkInteger(head.cpus, 'cpus', 1, 65_535)
    checkString(head.headerPage, 'headerPage')
    for (const { system, text } of head.formats) {
      checkString(system, 'system')
      checkString(text, 'text')
    }
    const stream = native().createTraceStream(head, checkFieldChoice(columns))
    super(stream, checkInteger(batchRows, 'batchRows', 1, 2 ** 31))
    this.#native = stream
    this.#cpus = head.cpus
  }

  /**
   * @param page The next sub-buffer of the CPU; its unused end may be left out.
   * @throws TraceState after end().
   */
  push(cpu: number, page: Uint8Array): void {
    this.#checkOpen()
    if (!(page instanceof Uint8Array)) throw new TypeError('page must be a Uint8Array')
    this.#native.push(checkInteger(cpu, 'cpu', 0, this.#cpus - 1), page)
    this.#wake()
  }

  /**
   * The CPU had no event before `until` but for those in the pages pushed: others need not wait for it.
   *
   * @param until Of the trace clock.
   */
  quiet(cpu: number, until: bigint): void {
    this.#checkOpen()
    this.#native.quiet(checkInteger(cpu, 'cpu', 0, this.#cpus - 1), checkU64(until, 'until'))
    this.#wake()
  }

  /** Nothing more will come: what waits becomes certain, and the iteration ends behind it. Idempotent. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#native.end()
    this.#wake()
  }

  /**
   * @throws TraceState the second time.
   * @throws Error with code `FCT_DECODE_<REASON>` and `offset`, the byte in the stream of the CPU.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (this.#isTaken) throw new TraceState('somebody reads the stream already')
    this.#isTaken = true
    for (;;) {
      const { promise } = this.#arrival
      const batch = this.enter(await this.decode())
      if (batch.rows.count > 0 || batch.gaps.length > 0) yield batch
      else if (batch.isEnded) return
      else await promise
    }
  }

  #wake(): void {
    this.#arrival.resolve()
    this.#arrival = createArrival()
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new TraceState('the stream has ended')
  }
}
