import { checkFd, checkInteger, checkPath, checkU64 } from './arguments.js'
import { native, type NativeDevice, type NativeDeviceStats } from './native.js'

/** In the order of `enum fct_stressor_id` (kmod/fct_uapi.h). */
export const stressors = [
  'close',
  'acquire',
  'shrink',
  'gc',
  'synthetic',
  'local',
  'lease',
  'fsnotify',
  'purge',
  'rendezvous',
] as const
/** Values of `enum fct_phase` (kmod/fct_uapi.h). */
const phases = { load: 1, quiet: 2, shutdown: 3, end: 4 } as const
/** FCT_ABI_VERSION (kmod/fct_uapi.h). */
const abi = 2

export type Stressor = (typeof stressors)[number]
export type DevicePhase = keyof typeof phases

export interface DeviceInfo {
  readonly abi: number
  /** How many stressors the module has. */
  readonly stressors: number
  /** FCT_CAP_* bits. */
  readonly capabilities: bigint
}

/** What strategy pct has come to (struct fct_pct_stats). */
export interface PctStats {
  /** Rounds that are over. */
  readonly rounds: number
  /** Of these, how many were over by time, with fewer passes than they were to have. */
  readonly cut: number
  /** Of injection points, in all rounds, by threads that took part. */
  readonly passes: number
  /** The most that took part in one round. */
  readonly threads: number
  /** Passes of threads that could get no priority. */
  readonly leftOut: number
}

/** Counters of the module since it was loaded (struct fct_stats). */
export interface DeviceStats {
  readonly stressors: Record<Stressor, { called: number; useful: number; raced: number }>
  /**
   * How often two stressors were inside one inode at once; keys `close*acquire`, all pairs in the order of
   * stressors.
   */
  readonly exposure: Record<string, number>
  /** fct_file events handed to the ring buffer. */
  readonly observed: number
  /** Deliberate misdeeds done. */
  readonly busted: number
  /** Delays and forced switches done at injection points. */
  readonly injected: number
  readonly running: boolean
  /** Whether nfsd's file cache is up; while it is not, one-shot operations answer ENODEV. */
  readonly nfsdUp: boolean
  readonly targets: number
  /** Targets that a synthetic acquire can use: a client's request for them was captured. */
  readonly captured: number
  /** Where the rendezvous' sweep stands: the step of its last round, and how much later the second party came, ns. */
  readonly sweepStep: number
  readonly sweepOffsetNs: number
  readonly pct: PctStats
}

/** The loaded module speaks another version of kmod/fct_uapi.h than this addon. */
class DeviceMismatch extends Error {
  readonly code = 'FCT_DEVICE_ABI'
}

/**
 * /dev/fctorture, the test module's ioctls.
 *
 * All methods throw (or reject with) errors that look like Node's own, with code, errno, syscall and path:
 * EOPNOTSUPP for what the kernel at hand cannot do, EBADF after close(). Those that can sleep in the kernel
 * return promises.
 */
export class Device {
  readonly #native: NativeDevice

  /** @throws ENOENT if the module is not loaded, ENOTTY if the path is another device's, DeviceMismatch. */
  static open(path = '/dev/fctorture'): Device {
    return new Device(path)
  }

  private constructor(path: string) {
    this.#native = new (native().Device)(checkPath(path, 'path'))
    this.#checkAbi()
  }

  #checkAbi(): void {
    try {
      const found = this.info().abi
      if (found !== abi)
        throw new DeviceMismatch(`the module has version ${found} of the interface, not ${abi}`)
    } catch (error) {
      this.close()
      throw error
    }
  }

  info(): DeviceInfo {
    return this.#native.info()
  }

  /**
   * Makes an open file of an exported file system a target; the module pins its inode, so the file may be
   * closed.
   */
  addTarget(fd: number): void {
    this.#native.addTarget(checkFd(fd))
  }

  removeTarget(fd: number): void {
    this.#native.removeTarget(checkFd(fd))
  }

  /** Starts the stressors whose knobs ask for threads. @param seed 64 bits, not negative. */
  start(seed: bigint): void {
    this.#native.start(checkU64(seed, 'seed'))
  }

  /** Resolves when all stressors' threads have ended. */
  async stop(): Promise<void> {
    await this.#native.stop()
  }

  /** Puts an fct_phase event into the trace. */
  phase(phase: DevicePhase): void {
    if (!Object.hasOwn(phases, phase)) throw new RangeError(`no such phase: ${phase as string}`)
    this.#native.phase(phases[phase])
  }

  /**
   * One nfsd_file_close_inode_sync() on a file's inode, and whether nfsd had it in its cache before and
   * after.
   */
  async closeSync(fd: number): Promise<{ cachedBefore: boolean; cachedAfter: boolean }> {
    return this.#native.closeSync(checkFd(fd))
  }

  /** One nfsd_file_lru_scan(). @param nrToScan entries, 1 .. 2^31 - 1. */
  async shrink(nrToScan: number): Promise<{ freed: number; lruAfter: number }> {
    return this.#native.shrink(checkInteger(nrToScan, 'nrToScan', 1, 2 ** 31 - 1))
  }

  /** One run of the laundrette's worker; entries on the LRU before and after. */
  async gc(): Promise<{ lruBefore: number; lruAfter: number }> {
    return this.#native.gc()
  }

  stats(): DeviceStats {
    return nameStats(this.#native.stats())
  }

  /** Idempotent. */
  close(): void {
    this.#native.close()
  }
}

function nameStats({ stressors: counters, exposure, ...rest }: NativeDeviceStats): DeviceStats {
  const zero = { called: 0, useful: 0, raced: 0 }
  const named = stressors.map((name, index) => [name, counters[index] ?? zero] as const)
  const pairs = stressors.flatMap((a, row) =>
    stressors.slice(row).map((b, ahead) => [`${a}*${b}`, exposure[row]?.[row + ahead] ?? 0] as const),
  )
  return {
    stressors: Object.fromEntries(named) as DeviceStats['stressors'],
    exposure: Object.fromEntries(pairs),
    ...rest,
  }
}
