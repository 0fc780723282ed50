import type { Trace } from '../decode/load-trace.js'
import { commFinder } from './comms.js'
import { fieldReaders, type FieldReader } from './fields.js'
import { LossQueue, type Loss } from './losses.js'
import { remembered } from './remembered.js'
import { unitOf } from '../decode/clock.js'
import { withPoint } from './stamps.js'

/*
 * The Trace Event Format ("Chrome JSON"), which Perfetto's UI and chrome://tracing open. Two processes: the tasks, a track each,
 * with every event as an instant; and the CPUs, a track each, with losses as slices and with what the idle tasks did, whose pid
 * is 0 on every CPU.
 */
const tasks = 1
const cpus = 2

interface TraceEvent {
  readonly name: string
  /** M: a name for a process or a track. X: a slice. */
  readonly ph: 'M' | 'X'
  readonly pid: number
  readonly tid: number
  readonly args: Readonly<Record<string, unknown>>
  readonly cat?: string
}

/**
 * The document in portions. Times are in µs, with three digits for the ns; a clock without time (`counter`) counts a tick as a
 * µs. Integers beyond 2^53 are strings.
 */
export function* chromeJson(trace: Trace): Generator<string> {
  const { version, clock, buffer } = trace
  const otherData = { 'trace.dat version': version, clock, buffer, unit: unitOf(trace) }
  yield `{"displayTimeUnit":"ns","otherData":${JSON.stringify(otherData)},"traceEvents":[\n`
  let separator = ''
  for (const event of traceEvents(trace)) {
    yield separator + event
    separator = ',\n'
  }
  yield '\n]}\n'
}

function* traceEvents(trace: Trace): Generator<string> {
  for (const event of trackNames(trace)) yield JSON.stringify(event)
  const toTime = timeFormatter(trace)
  const end = trace.rows.ts[trace.rows.count - 1] ?? 0n
  const losses = new LossQueue(trace)
  const types = trace.types.map((_, type) => instantFormatter(trace, type))
  const { count, ts, cpu: cpuColumn, type, index } = trace.rows
  for (let row = 0; row < count; row++) {
    const stamp = ts[row] ?? 0n
    for (const loss of losses.takeBefore(cpuColumn[row] ?? 0, stamp)) yield lossSlice(loss, end, toTime)
    yield `{"ts":${toTime(stamp)},${types[type[row] ?? 0]?.(row, index[row] ?? 0) ?? ''}}`
  }
  for (const loss of losses.takeRest()) yield lossSlice(loss, end, toTime)
}

/** The members of an instant but its time: what is the same in all of a type is made once. */
function instantFormatter(trace: Trace, type: number): (row: number, index: number) => string {
  const { name = '', system = '' } = trace.types[type] ?? {}
  const begin = `"name":${JSON.stringify(name)},"cat":${JSON.stringify(system)},"ph":"i","s":"t"`
  const fields = fieldReaders(trace, type).map(memberFormatter)
  return (row, index) => {
    const [cpu, pid] = [trace.rows.cpu[row] ?? 0, trace.rows.pid[row] ?? 0]
    const track = pid === 0 ? `"pid":${cpus},"tid":${cpu}` : `"pid":${tasks},"tid":${pid}`
    let members = `"CPU":${cpu}`
    for (const field of fields) members += field(index)
    return `${begin},${track},"args":{${members}}`
  }
}

function memberFormatter({ plan, text }: FieldReader): (index: number) => string {
  const begin = `,${JSON.stringify(plan.name)}:`
  const toJson = remembered((value: string) => (isExact(value) ? value : JSON.stringify(value)))
  return (index) => begin + toJson(text(index))
}

/** A number that every reader of JSON takes as it stands. */
function isExact(text: string): boolean {
  return String(Number(text)) === text && Number.isSafeInteger(Number(text))
}

/** Times are put in as text: a double has no place for the ns of a machine that has been up for months. */
function withTimes(event: TraceEvent, times: Readonly<Record<string, string>>): string {
  const members = Object.entries(times).map(([name, digits]) => `"${name}":${digits},`)
  return `{${members.join('')}${JSON.stringify(event).slice(1)}`
}

function timeFormatter(trace: Trace): (stamp: bigint) => string {
  if (unitOf(trace) === 'ticks') return String
  return (stamp) => withPoint(stamp, 3)
}

function* trackNames(trace: Trace): Generator<TraceEvent> {
  const name = (
    what: 'process_name' | 'thread_name',
    pid: number,
    tid: number,
    text: string,
  ): TraceEvent => ({
    name: what,
    ph: 'M',
    pid,
    tid,
    args: { name: text },
  })
  yield name('process_name', tasks, 0, 'tasks')
  yield name('process_name', cpus, 0, 'CPUs')
  for (let cpu = 0; cpu < trace.cpus; cpu++) yield name('thread_name', cpus, cpu, `CPU ${cpu}`)
  const comm = commFinder(trace)
  const pids = new Set(trace.rows.pid.subarray(0, trace.rows.count))
  for (const pid of pids) if (pid !== 0) yield name('thread_name', tasks, pid, comm(pid))
}

function lossSlice(
  { cpu, after, before, missed }: Loss,
  end: bigint,
  toTime: (stamp: bigint) => string,
): string {
  const stop = before > end ? end : before
  const begin = after > stop ? stop : after
  const name = missed === null ? 'events lost' : `${missed} events lost`
  const slice = { name, ph: 'X', pid: cpus, tid: cpu, cat: 'lost', args: { missed } } as const
  return withTimes(slice, { ts: toTime(begin), dur: toTime(stop - begin) })
}
