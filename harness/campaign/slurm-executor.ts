import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Mirrors } from '../../vms/apt-root.js'
import type { Parcel } from '../../vms/cache-parcel.js'
import { FctError, messageOf } from '../fct-error.js'
import type { CellJob, Executor, JobEnd, JobListener } from './executor.js'
import { SlurmArray, type Open } from './slurm-array.js'
import { cancel, listElements, submitArray } from './slurm-client.js'
import { writeArray, type SlurmCell } from './slurm-spool.js'

export interface SlurmOptions {
  /** Absolute path of the spool, which the nodes have under the same name. */
  readonly spool: string
  /** Runs that the cluster does at once, at most `mostSlots`. */
  readonly slots: number
  /** Of Slurm's wall time, beside a run's load. */
  readonly minutesBesideLoad: number
  readonly constraint?: string
  /** XDG_CACHE_HOME on the nodes. */
  readonly cache?: string
  readonly mirrors?: Mirrors
  /** What a node's cache needs for a job, where nodes share none with this host. */
  readonly pack?: (job: CellJob) => Promise<Parcel | null>
  /** Does a cell on a node, given the array's folder: `doSlurmCell`. */
  readonly command: readonly string[]
  /** For a person. */
  readonly say: (line: string) => void
  readonly pace?: Pace
}

/** In ms. */
interface Pace {
  /** Between two looks at Slurm and the spool. */
  readonly look: number
  /** See SlurmArray. */
  readonly grace: number
  /** So long the controller may be silent: it may be started again meanwhile. */
  readonly silence: number
}

const usualPace: Pace = { look: 2000, grace: 30_000, silence: 1_800_000 }
/** Slurm's usual MaxArraySize is 1001. */
export const mostSlots = 1000
/** What is cancelled gets so long to end: Slurm's usual KillWait, and some. */
const endMs = 40_000

/** Cells become elements of array jobs, one array of what is handed over in one turn. Slurm alone decides where and when. */
export class SlurmExecutor implements Executor {
  readonly name = 'slurm'
  readonly #options: SlurmOptions
  readonly #pace: Pace
  #handedOver: Open[] = []
  #submission = Promise.resolve()
  readonly #arrays = new Map<string, SlurmArray>()
  #watch: Promise<void> | undefined
  readonly #heeded = new WeakSet<AbortSignal>()

  constructor(options: SlurmOptions) {
    this.#options = options
    this.#pace = options.pace ?? usualPace
  }

  slotsOf(): number {
    return this.#options.slots
  }

  run(job: CellJob, listener: JobListener, signal: AbortSignal): Promise<JobEnd | null> {
    return this.#wait(job, listener, signal, (open) => {
      if (this.#handedOver.push(open) > 1) return
      setImmediate(() => {
        this.#submission = this.#submission.then(() => this.#submit())
      })
    })
  }

  resume(
    job: CellJob,
    reference: string | null,
    listener: JobListener,
    signal: AbortSignal,
  ): Promise<JobEnd | null> {
    const [, name, index] = /^(fct-[\w-]+)\/(\d+)$/.exec(reference ?? '') ?? []
    // The former process had not come to sbatch.
    if (name === undefined) return Promise.resolve(null)
    return this.#wait(job, listener, signal, (open) => {
      this.#array(name).add(Number(index), open)
    })
  }

  #wait(
    job: CellJob,
    listener: JobListener,
    signal: AbortSignal,
    begin: (open: Open) => void,
  ): Promise<JobEnd | null> {
    signal.throwIfAborted()
    if (!this.#heeded.has(signal)) {
      this.#heeded.add(signal)
      signal.addEventListener('abort', () => void this.#stop(signal.reason), { once: true })
    }
    return new Promise((resolve, reject) => {
      begin({ job, listener, resolve, reject })
    })
  }

  async #submit(): Promise<void> {
    const opens = this.#handedOver
    this.#handedOver = []
    if (opens.length === 0) return
    const { spool, mirrors = null, pack, minutesBesideLoad, constraint, cache, command } = this.#options
    const minutes = minutesBesideLoad + Math.max(...opens.map(({ job }) => job.options.time)) / 60
    let folder: string | undefined
    try {
      const cells: SlurmCell[] = []
      for (const { job } of opens) cells.push({ job, mirrors, parcel: (await pack?.(job)) ?? null })
      const name = await writeArray(spool, cells)
      folder = join(spool, name)
      // From here on a process that takes over finds them, whether this one hears sbatch's answer or not.
      for (const [index, { listener }] of opens.entries()) listener.onReference(`${name}/${String(index)}`)
      await submitArray({ folder, name, size: opens.length, command, minutes, constraint, cache })
      for (const [index, open] of opens.entries()) this.#array(name).add(index, open)
    } catch (error) {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
      for (const { reject } of opens) reject(error)
    }
  }

  /** Watched from now on. */
  #array(name: string): SlurmArray {
    const { spool, say } = this.#options
    const array =
      this.#arrays.get(name) ?? new SlurmArray(name, join(spool, name), { graceMs: this.#pace.grace, say })
    this.#arrays.set(name, array)
    this.#watch ??= this.#lookOn()
    return array
  }

  async #lookOn(): Promise<void> {
    let answered = performance.now()
    let isSilent = false
    while (this.#arrays.size > 0) {
      await delay(this.#pace.look)
      try {
        const elements = await listElements()
        for (const [name, array] of this.#arrays) {
          const isOver = await array.look(elements.filter((each) => each.name === name))
          if (isOver) this.#arrays.delete(name)
        }
        answered = performance.now()
        isSilent = false
      } catch (error) {
        if (!isSilent) this.#options.say(`${describe(error)}; waiting for it`)
        isSilent = true
        const isAwaited = [...this.#arrays.values()].some((array) => array.isAwaited)
        const patience = isAwaited ? this.#pace.silence : this.#pace.grace
        if (performance.now() - answered > patience) this.#giveUp(error)
      }
    }
    this.#watch = undefined
  }

  /** All that is out is cancelled, ends, and is gone from the spool. */
  async #stop(reason: unknown): Promise<void> {
    for (const { reject } of this.#handedOver.splice(0)) reject(reason)
    await this.#submission
    const arrays = [...this.#arrays.values()]
    try {
      for (const { name } of arrays) await cancel(`--name=${name}`)
      // `lookOn` clears up behind them.
      for (const array of arrays) array.reject(reason)
      await Promise.race([this.#watch, delay(endMs, undefined, { ref: false })])
    } catch (error) {
      this.#options.say(describe(error))
    }
    this.#giveUp(reason)
  }

  #giveUp(error: unknown): void {
    for (const array of this.#arrays.values()) array.reject(error)
    this.#arrays.clear()
  }
}

function describe(error: unknown): string {
  return error instanceof FctError
    ? `${error.code}: ${error.message} ${error.detail}`.trim()
    : messageOf(error)
}
