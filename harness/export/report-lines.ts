import type { Trace } from '../decode/load-trace.js'
import { printable } from '../report/figures.js'
import { commFinder } from './comms.js'
import { fieldReaders } from './fields.js'
import { LossQueue, type Loss } from './losses.js'
import { stampFormatter, unitOf } from './stamps.js'

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
  const comm = commFinder(trace)
  const stamp = stampFormatter(trace)
  const width = stampWidth(trace)
  const losses = new LossQueue(trace)
  const events = trace.types.map((_, type) => eventFormatter(trace, type))
  for (let row = 0; row < count; row++) {
    const [cpu, time, pid] = [cpus[row] ?? 0, ts[row] ?? 0n, pids[row] ?? 0]
    yield* losses.takeBefore(cpu, time).map(describeLoss)
    const task = `${comm(pid).padStart(16)}-${String(pid).padEnd(5)}`
    const event = events[types[row] ?? 0]?.(indexes[row] ?? 0) ?? ''
    yield `${task} [${String(cpu).padStart(3, '0')}] ${stamp(time).padStart(width)}: ${event}`
  }
  yield* losses.takeRest().map(describeLoss)
}

function stampWidth(trace: Trace): number {
  return unitOf(trace) === 'ticks' ? 11 : 15
}

function describeLoss({ cpu, missed }: Loss): string {
  return `CPU:${cpu} [${missed === null ? '' : `${missed} `}EVENTS DROPPED]`
}

function eventFormatter(trace: Trace, type: number): (index: number) => string {
  const name = `${trace.types[type]?.name ?? ''}: `.padEnd(22)
  const fields = fieldReaders(trace, type)
  return (index) => name + fields.map((field) => ` ${field.plan.name}=${oneLine(field.text(index))}`).join('')
}

function oneLine(text: string): string {
  return printable(text).trimEnd().replaceAll('\n', '\\n')
}
