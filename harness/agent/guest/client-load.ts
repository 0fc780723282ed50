import { join } from 'node:path'
import { ClientLoad, type LoadStats } from '../../../addon/index.js'
import type { ClientPlan, LoadParams } from '../protocol.js'
import type { ClientMount } from './nfs-clients.js'

/** The load of all mounts together. */
export interface Clients {
  stats(): LoadStats
  stop(): Promise<LoadStats>
}

const deadlineMs = 20_000

/**
 * On each mount one load reads and writes the files that the stressors aim at, another creates, unlinks and renames
 * in a folder of its own, so that the targets keep their inodes.
 */
export function startClients(
  mounts: readonly ClientMount[],
  params: Pick<LoadParams, 'seed' | 'clients' | 'churn'>,
): Clients {
  const loads = mounts.flatMap(({ folder }, index) => [
    createLoad(join(folder, 'files'), params.clients, seedOf(params.seed, 2 * index)),
    createLoad(join(folder, 'churn'), params.churn, seedOf(params.seed, 2 * index + 1)),
  ])
  for (const load of loads) load.start()
  return {
    stats: () => addUp(loads.map((load) => load.stats())),
    stop: async () => addUp(await Promise.all(loads.map((load) => load.stop()))),
  }
}

function seedOf(seed: string, number: number): bigint {
  return BigInt.asUintN(64, BigInt(seed) + BigInt(number) * 0x9e3779b97f4a7c15n)
}

function createLoad(directory: string, plan: ClientPlan, seed: bigint): ClientLoad {
  return new ClientLoad({ directory, ...plan, seed, deadlineMs })
}

function addUp(all: readonly LoadStats[]): LoadStats {
  const sum = (records: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
    const total: Record<string, number> = {}
    for (const record of records) {
      for (const [key, value] of Object.entries(record)) total[key] = (total[key] ?? 0) + value
    }
    return total
  }
  return {
    operations: sum(all.map(({ operations }) => operations)),
    errors: sum(all.map(({ errors }) => errors)),
    stuckThreads: all.reduce((total, { stuckThreads }) => total + stuckThreads, 0),
  }
}
