import { checkFd, checkInteger, checkPath } from './arguments.js'
import { native, type NativeTraceReader } from './native.js'

export interface TraceReaderOptions {
  /** Folder of the tracing instance, below tracefs' `instances`. */
  readonly instance: string
  /**
   * Where the frames go: a virtio-serial port, pipe, socket or file. Stays the caller's; the reader has a
   * duplicate.
   */
  readonly fd: number
  /**
   * Least time between two looks at a CPU's ring buffer, ms; 1 by default. It is read when about a quarter of
   * it is full, at the latest after 128 times this, or when the kernel says that half of it is.
   */
  readonly intervalMs?: number
  /** Bytes of frames that may wait to be written; 16 MiB by default. */
  readonly poolBytes?: number
  /**
   * A CPU of which nothing was read for so long gets a line into its trace (ftrace:print "silent"), so that who takes the frames knows
   * what comes before it; never by default.
   */
  readonly markSilentMs?: number
}

export interface TraceReaderStats {
  /** Sub-buffers taken out of the ring buffer. */
  readonly pages: number
  /** Bytes written, frame headers included. */
  readonly bytes: number
  /** Ticks that ended because the pool was full; what was left stayed in the kernel's ring buffer. */
  readonly blocked: number
  /** What ended the stream early; null if nothing did. */
  readonly error: NodeJS.ErrnoException | null
}

/** What the reader puts into a frame with the data: their XXH64, seed 0. */
export function frameChecksum(data: Uint8Array): bigint {
  if (!(data instanceof Uint8Array)) throw new TypeError('data must be a Uint8Array')
  return native().frameChecksum(data)
}

/** A method was called out of order. */
class ReaderState extends Error {
  readonly code = 'FCT_READER_STATE'
}

/**
 * Drains the raw pages of a tracing instance into one file descriptor, as frames (addon/README.md), in a
 * thread of its own.
 *
 * Nothing is lost between ring buffer and descriptor: while the other end does not read, pages stay where
 * they are, and what the kernel then overwrites shows in its stats.
 */
export class TraceReader {
  readonly #native: NativeTraceReader
  #isStarted = false
  #stopped: Promise<TraceReaderStats> | undefined

  /** @throws Error as Node's own if the instance or the descriptor cannot be opened. */
  constructor({ instance, fd, intervalMs = 1, poolBytes = 16 << 20, markSilentMs = 0 }: TraceReaderOptions) {
    this.#native = new (native().TraceReader)(
      checkPath(instance, 'instance'),
      checkFd(fd),
      checkInteger(intervalMs, 'intervalMs', 1, 60_000),
      checkInteger(poolBytes, 'poolBytes', 1, 2 ** 40),
      checkInteger(markSilentMs, 'markSilentMs', 0, 60_000),
    )
  }

  /** @throws ReaderState the second time. */
  start(): void {
    if (this.#isStarted) throw new ReaderState('the trace reader has been started already')
    this.#isStarted = true
    this.#native.start()
  }

  stats(): TraceReaderStats {
    return this.#native.stats()
  }

  /**
   * Writes what the ring buffer still holds, each CPU's stats and the end mark; tracing is to be off by then.
   * Every call gives the same answer.
   *
   * @returns Rejects with what ended the stream early, as Node's own errors: of `write` (EPIPE, ENOSPC), of
   *   `read`, or ECANCELED if close() came before the end.
   */
  async stop(): Promise<TraceReaderStats> {
    if (!this.#isStarted) throw new ReaderState('the trace reader has not been started')
    this.#stopped ??= this.#native.stop()
    return this.#stopped
  }

  /** Ends the threads, whether all was written or not. Idempotent. */
  close(): void {
    this.#native.close()
  }
}
