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
export const perDeterministicGuest: Capacity = { cpus: 1, memoryMiB: 2048 }

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
 * Keeps so many guests at work: whenever one is free, `next` says what to do with it; undefined: nothing until something else
 * has ended. Ends when nothing goes on and there is nothing to do. After the first failure nothing new is begun, and it is
 * thrown when what goes on has ended.
 */
export async function keepBusy(guests: number, next: () => (() => Promise<void>) | undefined): Promise<void> {
  const out = new Set<Promise<void>>()
  const failures: unknown[] = []
  const begin = (work: () => Promise<void>): void => {
    const done = work()
      .catch((error: unknown) => {
        failures.push(error)
      })
      .finally(() => out.delete(done))
    out.add(done)
  }
  const take = (): (() => Promise<void>) | undefined => {
    try {
      return out.size < guests && failures.length === 0 ? next() : undefined
    } catch (error) {
      failures.push(error)
      return undefined
    }
  }
  for (;;) {
    for (let work = take(); work !== undefined; work = take()) begin(work)
    if (out.size === 0) break
    await Promise.race(out)
  }
  if (failures.length > 0) throw failures[0]
}

/** Works on all of them, so many at a time, as `keepBusy` does; the results are in their order. */
export async function runPool<T, R>(
  items: readonly T[],
  guests: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const rest = [...items.entries()]
  await keepBusy(guests, () => {
    const next = rest.shift()
    if (next === undefined) return undefined
    const [index, item] = next
    return async () => {
      results[index] = await work(item)
    }
  })
  return results
}
