import { readdir, readFile, writeFile } from 'node:fs/promises'

/** Of threads of nfsd and of the module, by name and process: the scheduler's policy, as a number, and the real-time priority. */
export async function policies(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [, name = '', rest = ''] = /\((nfsd|fct_[^)]*)\) (.*)/.exec(stat) ?? []
    // Fields 40 and 41 of proc(5); the first of these is its third.
    const [priority, policy] = rest.split(' ').slice(37, 39)
    if (name !== '') found.set(`${name} ${pid}`, `${String(policy)} ${String(priority)}`)
  }
  return found
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
