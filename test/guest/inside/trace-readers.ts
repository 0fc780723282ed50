/** What it costs in a guest to take the events of one and the same load out of its ring buffer, by several readers. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { TraceReader } from '../../../addon/index.js'
import {
  createTracingInstance,
  removeTracingInstance,
  stopTracing,
} from '../../../harness/agent/guest/tracing-instance.js'

/** Of one reader, for the time of the load where nothing else is said. */
export interface Reading {
  /** Events that came out of the ring buffer, and that were overwritten in it or dropped. */
  readonly read: number
  readonly lost: number
  /** Of processor time. */
  readonly seconds: number
  /** Of processor time until it was ready. */
  readonly startSeconds: number
}

/** The load: its end is awaited. Events come and go only while it rests, as in runs: that patches kernel text. */
export type Work = () => Promise<void>

const output = '/tmp/reading'
const folder = '/sys/kernel/tracing/instances/reading'

/** @param bufferKiB Of each CPU's ring buffer. */
type Reader = (work: Work, bufferKiB: number) => Promise<Reading>

/** Ours, into a file, as it goes to the host in a run. */
const readWithAddon: Reader = async (work, bufferKiB) => {
  const instance = await createTracingInstance(bufferKiB, [])
  const fd = openSync(output, 'w')
  try {
    const reader = new TraceReader({ instance: instance.folder, fd })
    reader.start()
    const reading = await measure(work, instance.folder, () => findTasks('self/task', ['fct-drain']))
    await stopTracing(instance)
    await reader.stop()
    reader.close()
    return reading
  } finally {
    closeSync(fd)
    await rm(output)
    await removeTracingInstance(instance)
  }
}

/**
 * As its documentation says for another instance, which it makes and removes. What is recorded lasts as long as the input of
 * the command.
 */
const readWithTraceCmd: Reader = async (work, bufferKiB) => {
  const buffer = ['-B', basename(folder), '-e', 'fctorture', '-b', String(bufferKiB), '-C', 'counter']
  const command = ['sh', '-c', 'echo begun; read end || true']
  const env = { LD_LIBRARY_PATH: '/fct' }
  const recording = execa('/fct/trace-cmd', ['record', '-q', '-o', output, ...buffer, ...command], { env })
  await Promise.race([once(recording.stdout, 'data'), recording])
  const reading = await measure(work, folder, () => findTasks('.', ['trace-cmd']))
  recording.stdin.end()
  await recording
  await rm(output)
  return reading
}

/** The text that tracefs offers to everyone, into a file. Once tracing is off, it ends where the ring is empty. */
const readAsText: Reader = async (work, bufferKiB) => {
  await mkdir(folder)
  try {
    await writeFile(join(folder, 'buffer_size_kb'), String(bufferKiB))
    await writeFile(join(folder, 'events', 'fctorture', 'enable'), '1')
    const copying = execa('cat', [join(folder, 'trace_pipe')], { stdout: { file: output } })
    const reading = await measure(work, folder, () => findTasks('.', ['cat']))
    await writeFile(join(folder, 'tracing_on'), '0')
    await copying
    return reading
  } finally {
    await rm(output, { force: true })
    await rmdir(folder)
  }
}

export const readers = { addon: readWithAddon, traceCmd: readWithTraceCmd, text: readAsText }

/** What is to be measured, and for how long. */
export interface ReadParams {
  readonly reader: keyof typeof readers
  readonly bufferKiB: number
  readonly seconds: number
}

/** What the tasks that read an instance spend on the load. */
async function measure(work: Work, instance: string, tasks: () => Promise<string[]>): Promise<Reading> {
  const startSeconds = await secondsOf(await tasks())
  await work()
  const seconds = (await secondsOf(await tasks())) - startSeconds
  return { ...(await countEvents(instance)), seconds, startSeconds }
}

/** Folders of the tasks of these names, below a folder of /proc. */
async function findTasks(below: string, names: readonly string[]): Promise<string[]> {
  const all = (await readdir(join('/proc', below))).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    all.map(async (name) => {
      const task = join('/proc', below, name)
      const comm = await readFile(join(task, 'comm'), 'utf8').catch(() => '')
      return names.includes(comm.trim()) ? [task] : []
    }),
  )
  return found.flat()
}

async function secondsOf(tasks: readonly string[]): Promise<number> {
  const texts = await Promise.all(tasks.map((task) => readFile(join(task, 'schedstat'), 'utf8')))
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e9, 0)
}

async function countEvents(instance: string): Promise<Pick<Reading, 'read' | 'lost'>> {
  const cpus = await readdir(join(instance, 'per_cpu'))
  const stats = await Promise.all(
    cpus.map((cpu) => readFile(join(instance, 'per_cpu', cpu, 'stats'), 'utf8')),
  )
  const sum = (label: string): number =>
    [...stats.join('\n').matchAll(new RegExp(`^${label}: (\\d+)`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    )
  return { read: sum('read events'), lost: sum('overrun') + sum('dropped events') }
}
