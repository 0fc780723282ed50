import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { TraceMetadata } from '../protocol.js'

const tracefs = '/sys/kernel/tracing'
export const instanceName = 'fctorture'

/** A tracing instance of our own: other users of tracing on the machine are not disturbed. */
export interface TracingInstance {
  readonly folder: string
  readonly metadata: TraceMetadata
}

/** The clock: a strict order over all CPUs. The kernel's other clocks tie or step under emulation; time is in the events. */
const clock = 'counter'

/** How much of the ring buffer is full when the kernel wakes its reader: to wake up costs as much as to read eight sub-buffers. */
const wakePercent = 75

/** Creates the instance with the events enabled. To be called while nothing runs: enabling patches kernel text. */
export async function createTracingInstance(
  bufferKiB: number,
  wanted: readonly string[],
): Promise<TracingInstance> {
  const folder = join(tracefs, 'instances', instanceName)
  await mkdir(folder)
  const events = await listEvents()
  await writeFile(join(folder, 'trace_clock'), clock)
  await writeFile(join(folder, 'buffer_size_kb'), String(bufferKiB))
  await writeFile(join(folder, 'buffer_percent'), String(wakePercent))
  for (const { system, name } of events.filter((event) => isRecorded(event, wanted))) {
    await writeFile(join(folder, 'events', system, name, 'enable'), '1')
  }
  return { folder, metadata: await readMetadata(events) }
}

interface EventName {
  readonly system: string
  readonly name: string
}

/** Our own events carry the nfsd_file pointer; of nfsd's only what has no nfsd_file yet is recorded beside them. */
function isRecorded({ system, name }: EventName, wanted: readonly string[]): boolean {
  return system === 'fctorture' || name === 'nfsd_file_insert_err' || wanted.includes(name)
}

async function listEvents(): Promise<EventName[]> {
  const ours = await readdir(join(tracefs, 'events', 'fctorture'))
  const nfsd = await readdir(join(tracefs, 'events', 'nfsd'))
  const named = (system: string, names: string[]): EventName[] => names.map((name) => ({ system, name }))
  const all = [
    ...named('fctorture', ours),
    ...named(
      'nfsd',
      nfsd.filter((name) => name.startsWith('nfsd_file_')),
    ),
  ]
  return all.filter(({ system, name }) => existsSync(join(tracefs, 'events', system, name, 'format')))
}

async function readMetadata(events: readonly EventName[]): Promise<TraceMetadata> {
  const read = (...path: string[]): Promise<string> => readFile(join(tracefs, 'events', ...path), 'utf8')
  const all = [{ system: 'ftrace', name: 'print' }, ...events]
  const formats = await Promise.all(
    all.map(async ({ system, name }) => ({ system, name, text: await read(system, name, 'format') })),
  )
  return {
    headerPage: await read('header_page'),
    headerEvent: await read('header_event'),
    clock,
    formats,
    cpus: cpus().length,
    pageSize: 4096,
  }
}

/** Nothing is recorded from here on; what is in the ring can still be read. */
export async function stopTracing({ folder }: TracingInstance): Promise<void> {
  await writeFile(join(folder, 'tracing_on'), '0')
}

export async function removeTracingInstance({ folder }: TracingInstance): Promise<void> {
  await rmdir(folder)
}

/** "pid comm" lines, for the names of tasks in trace.dat. */
export async function readCmdlines(): Promise<string> {
  return readFile(join(tracefs, 'saved_cmdlines'), 'utf8')
}
