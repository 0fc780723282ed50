import { readFile } from 'node:fs/promises'
import { version } from 'node:os'
import type { Preemption } from '../protocol.js'

const chosen = '/sys/kernel/debug/sched/preempt'

/** As the kernel was booted, where it can choose (5.12 and later, if it was built so), else as it was built. */
export async function readPreemption(): Promise<Preemption> {
  const choices = await readFile(chosen, 'utf8').catch(() => '')
  return parsePreemption(choices, version())
}

/**
 * @param choices What debugfs says, like "none voluntary (full)"; empty where there is no choice.
 * @param kernel uname -v
 */
export function parsePreemption(choices: string, kernel: string): Preemption {
  const choice = /\((full|lazy|voluntary|none)\)/.exec(choices)?.[1]
  if (choice !== undefined) return choice as Preemption
  // What is built without says nothing of voluntary preemption, which all distributions have.
  return / PREEMPT\b(?!_DYNAMIC)/.test(kernel) ? 'full' : 'voluntary'
}
