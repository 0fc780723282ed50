/** What it costs in a guest to take the events of one and the same load out of its ring buffer, by several readers. */
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { TraceReader } from '../../../addon/index.js'
import {
  createTracingInstance,
  removeTracingInstance,
  stopTracing,
} from '../../../harness/agent/guest/tracing-instance.js'

/** Of one reader. */
export interface Reading {
  /** Events that came out of the ring buffer, and that were overwritten in it or dropped. */
  readonly read: number
  readonly lost: number
  /** Seconds of processor time. */
  readonly seconds: number
}

const bufferKiB = 4096
const output = '/tmp/reading'
const instances = '/sys/kernel/tracing/instances'

/** Ours, into a file, as it goes to the host in a run. */
export async function readWithAddon(seconds: number): Promise<Reading> {
  const instance = await createTracingInstance(bufferKiB, [])
  const fd = openSync(output, 'w')
  try {
    const reader = new TraceReader({ instance: instance.folder, fd })
    reader.start()
    await delay(seconds * 1000)
    const cost = await threadSeconds()
    await stopTracing(instance)
    await reader.stop()
    reader.close()
    return { ...(await countEvents(instance.folder)), seconds: cost }
  } finally {
    closeSync(fd)
    await rm(output)
    await removeTracingInstance(instance)
  }
}

/** As its documentation says for another instance. What it costs to begin and to end is taken off. */
export async function readWithTraceCmd(seconds: number): Promise<Reading> {
  const idle = await record(0)
  const { read, lost, seconds: busy } = await record(seconds)
  return { read, lost, seconds: busy - idle.seconds }
}

async function record(seconds: number): Promise<Reading> {
  const buffer = ['-B', 'reading', '-e', 'fctorture', '-b', String(bufferKiB), '-C', 'counter']
  const words = ['/fct/trace-cmd', 'record', '-q', '-o', output, ...buffer, 'sleep', String(seconds)]
  const script = `"$@" > /dev/null 2>&1; cat ${instances}/reading/per_cpu/cpu*/stats; times`
  const env = { LD_LIBRARY_PATH: '/fct' }
  const { stdout } = await execa('sh', ['-c', script, 'sh', ...words], { env })
  await execa('/fct/trace-cmd', ['reset', '-a', '-d'], { env, reject: false })
  await rmdir(join(instances, 'reading')).catch(() => undefined)
  await rm(output)
  return { ...sumStats(stdout), seconds: childSeconds(stdout) }
}

/** The text that tracefs offers to everyone, into a file. */
export async function readAsText(seconds: number): Promise<Reading> {
  const folder = join(instances, 'reading')
  await mkdir(folder)
  try {
    await writeFile(join(folder, 'buffer_size_kb'), String(bufferKiB))
    await writeFile(join(folder, 'events', 'fctorture', 'enable'), '1')
    const script = `timeout ${seconds} cat ${folder}/trace_pipe > ${output}; times`
    const { stdout } = await execa('sh', ['-c', script], { reject: false })
    await writeFile(join(folder, 'tracing_on'), '0')
    return { ...(await countEvents(folder)), seconds: childSeconds(stdout) }
  } finally {
    await rm(output, { force: true })
    await rmdir(folder)
  }
}

async function countEvents(folder: string): Promise<Pick<Reading, 'read' | 'lost'>> {
  const cpus = await readdir(join(folder, 'per_cpu'))
  const stats = await Promise.all(cpus.map((cpu) => readFile(join(folder, 'per_cpu', cpu, 'stats'), 'utf8')))
  return sumStats(stats.join('\n'))
}

function sumStats(text: string): Pick<Reading, 'read' | 'lost'> {
  const sum = (label: string): number =>
    [...text.matchAll(new RegExp(`^${label}: (\\d+)`, 'gm'))].reduce((total, [, n]) => total + Number(n), 0)
  return { read: sum('read events'), lost: sum('overrun') + sum('dropped events') }
}

/** From the last line that the shell's `times` prints: user and system time of its children. */
function childSeconds(stdout: string): number {
  const times = (stdout.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)
  return [...times].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

/** Of the reader's threads in this process. */
async function threadSeconds(): Promise<number> {
  let nanoseconds = 0
  for (const task of await readdir('/proc/self/task')) {
    const comm = await readFile(`/proc/self/task/${task}/comm`, 'utf8')
    if (!['fct-drain', 'fct-ship'].includes(comm.trim())) continue
    nanoseconds += Number((await readFile(`/proc/self/task/${task}/schedstat`, 'utf8')).split(' ')[0])
  }
  return nanoseconds / 1e9
}
