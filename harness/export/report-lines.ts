import type { Trace } from '../decode/load-trace.js'
import { commFinder } from './comms.js'
import { fieldReaders, type FieldReader } from './fields.js'
import { LossQueue, type Loss } from './losses.js'
import { oneLine } from './one-line.js'
import { remembered } from './remembered.js'
import { unitOf } from '../decode/clock.js'
import { stampFormatter } from './stamps.js'

/**
 * The trace as text, in the form of `trace-cmd report -R -t`:
 *
 *     COMM-PID [CPU] TIME: EVENT: field=value field=value
 *
 * Fields are printed by what they are, not by the print format (`fields.ts`). Where events were lost a line says so.
 */
export function* reportLines(trace: Trace): Generator<string> {
  yield `cpus=${trace.cpus}`
  const { count, ts, cpu: cpus, type: types, index: indexes, pid: pids } = trace.rows
  const taskOf = taskFormatter(trace)
  const stampOf = stampFormatter(trace)
  const width = unitOf(trace) === 'ticks' ? 11 : 15
  const losses = new LossQueue(trace)
  const events = trace.types.map((_, type) => eventFormatter(trace, type))
  for (let row = 0; row < count; row++) {
    const [cpu, stamp] = [cpus[row] ?? 0, ts[row] ?? 0n]
    for (const loss of losses.takeBefore(cpu, stamp)) yield describeLoss(loss)
    const event = events[types[row] ?? 0]?.(indexes[row] ?? 0) ?? ''
    const where = `[${String(cpu).padStart(3, '0')}] ${stampOf(stamp).padStart(width)}`
    yield `${taskOf(pids[row] ?? 0)} ${where}: ${event}`
  }
  for (const loss of losses.takeRest()) yield describeLoss(loss)
}

function describeLoss({ cpu, missed }: Loss): string {
  return `CPU:${cpu} [${missed === null ? '' : `${missed} `}EVENTS DROPPED]`
}

function taskFormatter(trace: Trace): (pid: number) => string {
  const comm = commFinder(trace)
  return remembered((pid: number) => `${comm(pid).padStart(16)}-${String(pid).padEnd(5)}`)
}

function eventFormatter(trace: Trace, type: number): (index: number) => string {
  const begin = `${oneLine(trace.types[type]?.name ?? '')}: `.padEnd(22)
  const fields = fieldReaders(trace, type).map(fieldFormatter)
  return (index) => {
    let text = begin
    for (const field of fields) text += field(index)
    return text
  }
}

function fieldFormatter({ plan, text }: FieldReader): (index: number) => string {
  const begin = ` ${oneLine(plan.name)}=`
  if (plan.kind !== 'string') return (index) => begin + text(index)
  const safe = remembered(oneLine)
  return (index) => begin + safe(text(index))
}
