import { join } from 'node:path'
import { checkInteger, checkNumber, checkPath, checkU64 } from './arguments.js'
import { native, type NativeClientLoad, type NativeClientLoadOptions } from './native.js'

/**
 * What a client thread does to a file that it has drawn; names as in `kOperations` (src/client_operation.h).
 * A block is 4 KiB, at a drawn multiple of it. What is opened is closed, which flushes.
 *
 * - `read` opens with O_DIRECT, so that the server is asked, and reads a block.
 * - `scan` reads all of the file through the page cache.
 * - `write` writes a block.
 * - `append` writes 512 bytes to the end, and cuts a file that has doubled back to its size.
 * - `truncate` cuts the file to a drawn length, then brings it back to its size.
 * - `copy` copies the file over another drawn one by copy_file_range.
 * - `mmap` maps a block, reads or writes it through the mapping, and writes it back by msync.
 * - `unlink` removes the file and creates it.
 * - `rename` creates a temporary file and renames it over.
 * - `link` makes a hard link beside it, and removes that.
 * - `lease` takes a read or write lease, holds it for 5 ms or until it is broken, and drops it.
 * - `lock` reads or writes a block under an OFD or POSIX lock of it, which it does not wait for.
 */
export type Op = (typeof ops)[number]

export const ops = [
  'read',
  'scan',
  'write',
  'append',
  'truncate',
  'copy',
  'mmap',
  'unlink',
  'rename',
  'link',
  'lease',
  'lock',
] as const

/** `zipf`: f0 is drawn most often, file k in proportion to 1 / (k + 1) ^ zipf. */
export type FileChoice = 'uniform' | { readonly zipf: number }

/** The exponent's upper bound: far beyond, f0 is all that is ever drawn. */
export const mostZipf = 10
export const mostRate = 1_000_000

export interface ClientLoadOptions {
  /** Where the files f0, f1, ... are; missing ones are created. */
  readonly directory: string
  readonly threads: number
  readonly files: number
  /** `uniform` if it is left out. */
  readonly choice?: FileChoice | undefined
  /** 64 bits, not negative; each thread draws operations, files and places from the seed and its number. */
  readonly seed: bigint
  /** Bytes per file. */
  readonly size: number
  /** Weights; an operation that is left out is not done. */
  readonly mix: Readonly<Partial<Record<Op, number>>>
  /** Operations per second of each thread, at the most, on average since its start; no limit if left out. */
  readonly rate?: number | undefined
  /** How long stop() waits for threads that hang in the kernel, ms. */
  readonly deadlineMs: number
}

/** `prepare`: before its first operation, a thread creates what is missing of the files. */
type Activity = Op | 'prepare'

/** A thread that hangs in the kernel. */
export interface StuckThread {
  readonly thread: number
  /** The kernel's number of it, as in /proc/self/task. */
  readonly task: number
  readonly operation: Activity
  /** Path of the file that was drawn. */
  readonly file: string
  /** For how long it has been in this operation. */
  readonly ms: number
}

/** An error that neither a race among clients nor a server in trouble explains. */
export interface UnexpectedError {
  readonly thread: number
  readonly operation: Activity
  /** The errno's name. */
  readonly code: string
  readonly syscall: string
  /** Path of the file. */
  readonly file: string
}

export interface LoadStats {
  /** Operations done without an error. */
  readonly operations: Readonly<Record<Op, number>>
  /** Failed operations: `errors.unlink.ENOENT`. */
  readonly errors: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The first such error: it has ended the load. */
  readonly unexpected: UnexpectedError | null
  /** Threads that have been in one operation for `deadlineMs` or longer; once stop() gave up, all that it left. */
  readonly stuckThreads: readonly StuckThread[]
}

/** A method was called out of order. */
class LoadState extends Error {
  readonly code = 'FCT_LOAD_STATE'
}

/** Client threads that work on files of one directory. Errors are counted; unexpected ones end the load. */
export class ClientLoad {
  readonly #native: NativeClientLoad
  readonly #directory: string
  readonly #deadlineMs: number
  #isStarted = false
  #stopped: Promise<LoadStats> | undefined

  /** @throws Error as Node's own if the directory cannot be opened. */
  constructor(options: ClientLoadOptions) {
    const checked = checkOptions(options)
    this.#directory = checked.directory
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
    return this.#locate(this.#native.stats())
  }

  /**
   * Ends each thread after its operation. Every call gives the same answer.
   *
   * @returns After `deadlineMs` at the latest; threads that hang by then are left behind, and told of as stuck.
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
      return this.#locate(await this.#native.stop())
    } finally {
      clearTimeout(deadline)
    }
  }

  /** Native code knows files by their names. */
  #locate({ unexpected, stuckThreads, ...counts }: LoadStats): LoadStats {
    const locate = <T extends { readonly file: string }>(found: T): T => ({
      ...found,
      file: join(this.#directory, found.file),
    })
    return {
      ...counts,
      unexpected: unexpected && locate(unexpected),
      stuckThreads: stuckThreads.map(locate),
    }
  }
}

function checkOptions(options: ClientLoadOptions): NativeClientLoadOptions {
  return {
    directory: checkPath(options.directory, 'directory'),
    threads: checkInteger(options.threads, 'threads', 1, 1024),
    files: checkInteger(options.files, 'files', 1, 2 ** 20),
    zipf: checkChoice(options.choice),
    seed: checkU64(options.seed, 'seed'),
    size: checkInteger(options.size, 'size', 1, 2 ** 40),
    mix: checkMix(options.mix),
    rate: options.rate === undefined ? 0 : checkNumber(options.rate, 'rate', mostRate),
    deadlineMs: checkInteger(options.deadlineMs, 'deadlineMs', 1, 2 ** 31 - 1),
  }
}

/** The exponent; 0 is uniform. */
function checkChoice(choice: FileChoice = 'uniform'): number {
  if (choice === 'uniform') return 0
  if (typeof choice === 'object') return checkNumber(choice.zipf, 'choice.zipf', mostZipf)
  throw new TypeError("choice must be 'uniform' or { zipf: exponent }")
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
