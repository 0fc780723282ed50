import { checkInteger, checkPath, checkU64 } from './arguments.js'
import { native, type NativeClientLoad } from './native.js'

/**
 * What a client thread does to a file drawn at random:
 * `read` opens it with O_DIRECT, so that the server is asked, and reads 4 KiB; `write` opens, writes 4 KiB
 * and closes, which flushes; `append` writes 512 bytes to the end, and cuts a file that has doubled back to
 * its size; `unlink` removes and creates it; `rename` creates a temporary file and renames it over.
 */
export type Op = (typeof ops)[number]

const ops = ['read', 'write', 'append', 'unlink', 'rename'] as const

export interface ClientLoadOptions {
  /** Where the files f0, f1, ... are; missing ones are created. */
  readonly directory: string
  readonly threads: number
  readonly files: number
  /** 64 bits, not negative; each thread draws from the seed and its number. */
  readonly seed: bigint
  /** Bytes per file. */
  readonly size: number
  /** Weights; an operation that is left out is not done. */
  readonly mix: Readonly<Partial<Record<Op, number>>>
  /** How long stop() waits for threads that hang in the kernel, ms. */
  readonly deadlineMs: number
}

export interface LoadStats {
  /** Operations done without an error. */
  readonly operations: Record<Op, number>
  /** Failed operations by the errno's name. */
  readonly errors: Record<string, number>
  /** Threads that have been in one operation for `deadlineMs` or longer. */
  readonly stuckThreads: number
}

/** A method was called out of order. */
class LoadState extends Error {
  readonly code = 'FCT_LOAD_STATE'
}

/** Client threads that work on files of one directory. Errors are counted and never end the load. */
export class ClientLoad {
  readonly #native: NativeClientLoad
  readonly #deadlineMs: number
  #isStarted = false
  #stopped: Promise<LoadStats> | undefined

  /** @throws Error as Node's own if the directory cannot be opened. */
  constructor(options: ClientLoadOptions) {
    const checked = checkOptions(options)
    this.#deadlineMs = checked.deadlineMs
    this.#native = new (native().ClientLoad)(checked)
  }

  /** @throws LoadState the second time. */
  start(): void {
    if (this.#isStarted) throw new LoadState('the load has been started already')
    this.#isStarted = true
    this.#native.start()
  }

  stats(): LoadStats {
    return this.#native.stats()
  }

  /**
   * Ends each thread after its operation. Every call gives the same answer.
   *
   * @returns After `deadlineMs` at the latest; threads that hang by then are left behind and counted as
   *   stuck.
   */
  async stop(): Promise<LoadStats> {
    this.#stopped ??= this.#stopOnce()
    return this.#stopped
  }

  async #stopOnce(): Promise<LoadStats> {
    const deadline = setTimeout(() => {
      this.#native.giveUp()
    }, this.#deadlineMs)
    try {
      return await this.#native.stop()
    } finally {
      clearTimeout(deadline)
    }
  }
}

function checkOptions(options: ClientLoadOptions): ClientLoadOptions {
  return {
    directory: checkPath(options.directory, 'directory'),
    threads: checkInteger(options.threads, 'threads', 1, 1024),
    files: checkInteger(options.files, 'files', 1, 2 ** 20),
    seed: checkU64(options.seed, 'seed'),
    size: checkInteger(options.size, 'size', 1, 2 ** 40),
    mix: checkMix(options.mix),
    deadlineMs: checkInteger(options.deadlineMs, 'deadlineMs', 1, 2 ** 31 - 1),
  }
}

function checkMix(mix: Readonly<Record<string, number>>): ClientLoadOptions['mix'] {
  const unknown = Object.keys(mix).find((op) => !(ops as readonly string[]).includes(op))
  if (unknown !== undefined)
    throw new RangeError(`no such operation: ${unknown} (there are ${ops.join(', ')})`)
  for (const [op, weight] of Object.entries(mix)) checkInteger(weight, `mix.${op}`, 0, 1_000_000)
  if (Object.values(mix).every((weight) => weight === 0))
    throw new RangeError('mix must name an operation to do')
  return mix
}
