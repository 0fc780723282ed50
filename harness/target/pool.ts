import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** What there is, or what a guest takes. */
export interface Capacity {
  readonly cpus: number
  readonly memoryMiB: number
}

/** How many guests run at a time, and why not more. */
export interface PoolSize {
  readonly guests: number
  readonly because: string
}

/** What a guest has; a saved one shares with others what it does not write, but may write all of it. */
export const perGuest: Capacity = { cpus: 2, memoryMiB: 2048 }

/**
 * As many as have CPUs and memory of their own: guests that share a CPU stand still in the midst of windows, and their
 * seconds of load are worth less. One runs in any case.
 */
export function decideGuests(host: Capacity, guest: Capacity = perGuest): PoolSize {
  const byCpus = Math.floor(host.cpus / guest.cpus)
  const byMemory = Math.floor(host.memoryMiB / guest.memoryMiB)
  const allowed = Math.min(byCpus, byMemory)
  const [what, has, takes] =
    byCpus <= byMemory
      ? ['CPUs', host.cpus, guest.cpus]
      : ['MiB of memory', Math.floor(host.memoryMiB), guest.memoryMiB]
  const most = allowed < 1 ? ', which is too little even for one' : ''
  return {
    guests: Math.max(1, allowed),
    because: `this host has ${String(has)} ${what} to give, and a guest takes ${String(takes)}${most}`,
  }
}

/** CPUs that this process may use, and memory that the kernel says can be had without swapping. */
export function hostCapacity(): Capacity {
  const available = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
  return { cpus: availableParallelism(), memoryMiB: Number(available ?? 0) / 1024 }
}

/**
 * Works on all of them, so many at a time; the results are in their order. After the first failure nothing new is begun, and
 * it is thrown when what goes on has ended.
 */
export async function runPool<T, R>(
  items: readonly T[],
  guests: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const rest = [...items.entries()]
  const take = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, item] = next
      try {
        results[index] = await work(item)
      } catch (error) {
        rest.length = 0
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(guests, items.length) }, take))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return results
}
