import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'

/** Processes that are threads of nfsd and of the module. */
export async function pctThreads(): Promise<string[]> {
  const names = await Promise.all(
    (await readdir('/proc'))
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (pid) => [pid, await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')] as const),
  )
  return names.filter(([, name]) => /^(nfsd$|fct_)/m.test(name)).map(([pid]) => pid)
}

/** Of each that is still there, like "nfsd 7: 1 50": the scheduler's policy, as a number, and the real-time priority. */
export function policiesOf(pids: readonly string[]): string[] {
  return pids.flatMap((pid) => {
    if (!existsSync(`/proc/${pid}`)) return []
    const [, name = '', rest = ''] = /\(([^)]*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    // Fields 40 and 41 of proc(5); the first of these is its third.
    const [priority, policy] = rest.split(' ').slice(37, 39)
    return [`${name} ${pid}: ${String(policy)} ${String(priority)}`]
  })
}

/** On one CPU of the two, whose kernel preempts anywhere. */
export async function onOneCpu<T>(work: () => Promise<T>): Promise<T> {
  await writeFile('/sys/kernel/debug/sched/preempt', 'full')
  await writeFile('/sys/devices/system/cpu/cpu1/online', '0')
  try {
    return await work()
  } finally {
    await writeFile('/sys/devices/system/cpu/cpu1/online', '1')
  }
}
