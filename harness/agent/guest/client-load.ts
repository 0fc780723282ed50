import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClientLoad, type LoadStats, type StuckThread } from '../../../addon/index.js'
import { FctError } from '../../fct-error.js'
import { addUp } from '../add-up.js'
import type { ClientPlan, WorkParams } from '../protocol.js'
import type { ClientMount } from './nfs-clients.js'

/** The load of all mounts together. */
export interface Clients {
  stats(): LoadStats
  /** @throws FctError FCT_LOAD_STUCK which threads hang in the kernel, after the deadline of each load */
  stop(): Promise<LoadStats>
}

const usualDeadlineMs = 20_000

/**
 * On each mount one load reads and writes the files that the stressors aim at, another creates, unlinks and renames
 * in a folder of its own, so that the targets keep their inodes.
 */
export function startClients(
  mounts: readonly ClientMount[],
  params: WorkParams,
  deadlineMs = usualDeadlineMs,
): Clients {
  const create = (directory: string, plan: ClientPlan, number: number): ClientLoad =>
    new ClientLoad({ directory, ...plan, seed: seedOf(params.seed, number), deadlineMs })
  const loads = mounts.flatMap(({ folder }, index) => [
    create(join(folder, 'files'), params.clients, 2 * index),
    ...(params.churn ? [create(join(folder, 'churn'), params.churn, 2 * index + 1)] : []),
  ])
  for (const load of loads) load.start()
  return {
    stats: () => addUp(loads.map((load) => load.stats())),
    stop: async () => {
      const stats = addUp(await Promise.all(loads.map((load) => load.stop())))
      if (stats.stuckThreads.length > 0) throw stuck(stats.stuckThreads)
      return stats
    },
  }
}

function seedOf(seed: string, number: number): bigint {
  return BigInt.asUintN(64, BigInt(seed) + BigInt(number) * 0x9e3779b97f4a7c15n)
}

function stuck(threads: readonly StuckThread[]): FctError {
  const lines = threads.map(
    ({ thread, task, operation, file, ms }) =>
      `thread ${String(thread)} has been in ${operation} of ${file} for ${String(ms)} ms${whereInKernel(task)}`,
  )
  const count = `${String(threads.length)} client thread${threads.length === 1 ? '' : 's'}`
  return new FctError(
    'FCT_LOAD_STUCK',
    `the clients' load was stopped, but ${count} hung in the kernel`,
    lines.join('\n'),
  )
}

/** The functions of the kernel that it waits in, from the innermost on; nothing where the kernel does not tell. */
function whereInKernel(task: number): string {
  try {
    const stack = readFileSync(`/proc/self/task/${String(task)}/stack`, 'utf8')
    const functions = Array.from(stack.matchAll(/^\[<0>\] (\w+)/gm), ([, name]) => name)
    return functions.length === 0 ? '' : `: ${functions.join(' < ')}`
  } catch {
    return ''
  }
}
