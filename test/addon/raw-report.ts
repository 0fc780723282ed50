import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { expect } from 'vitest'
import type { FieldPlan, Trace } from '../../addon/index.js'

/** One event as `trace-cmd report -R` prints it: fields raw, as libtraceevent reads them. */
export interface RawEvent {
  /** The tracing instance, where the file has several; '' for the top one. */
  readonly buffer: string
  readonly comm: string
  readonly pid: number
  readonly cpu: number
  /** Digits without the point: ns, or ticks of the clock. */
  readonly stamp: bigint
  readonly name: string
  readonly text: string
}

const line =
  /^(?:(?<buffer>\S+): +)?\s*(?<comm>.*)-(?<pid>\d+)\s+\[(?<cpu>\d+)\]\s+(?<stamp>[\d.]+): (?<name>\S+):\s*(?<text>.*)$/

/** The events of `trace-cmd report -R -t`, in its order. */
export async function readRawReport(path: string): Promise<RawEvent[]> {
  const { stdout } = await execa('trace-cmd', ['report', '-R', '-t', path], { maxBuffer: 1 << 30 })
  return parseRawReport(stdout)
}

export function parseRawReport(report: string): RawEvent[] {
  return report
    .split('\n')
    .map((text) => line.exec(text)?.groups)
    .filter((groups) => groups !== undefined)
    .map(({ buffer = '', comm = '', pid, cpu, stamp = '', name = '', text = '' }) => ({
      buffer,
      comm,
      pid: Number(pid),
      cpu: Number(cpu),
      stamp: BigInt(stamp.replace('.', '')),
      name,
      text,
    }))
}

/** Events of equal time may come in either order: in trace-cmd's it depends on how it merges CPUs. */
function inOurOrder(events: RawEvent[]): RawEvent[] {
  return events.sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : a.cpu - b.cpu))
}

/** Every field of every event, and no event more or less. */
export function expectSame(trace: Trace, events: RawEvent[]): void {
  expect(trace.rows.count).toBe(events.length)
  expect(trace.rows.count).toBeGreaterThan(200)
  const different = inOurOrder(events).flatMap((event, row) =>
    differences(trace, row, event).map((text) => `${row}: ${event.name} ${text}`),
  )
  expect(different.slice(0, 20)).toEqual([])
}

/** What differs between a row of the trace and the same event of the report; empty if nothing does. */
function differences(trace: Trace, row: number, event: RawEvent): string[] {
  const type = trace.types[trace.rows.type[row]!]!
  const found = [
    same('name', type.name, event.name),
    same('pid', trace.rows.pid[row], event.pid),
    same('cpu', trace.rows.cpu[row], event.cpu),
    same('time', trace.rows.ts[row], event.stamp),
    ...differentFields(trace, row, type.fields, event.text),
  ]
  return found.filter((text) => text !== '')
}

function same(what: string, ours: unknown, theirs: unknown): string {
  return ours === theirs ? '' : `${what}: ${String(ours)} is ${String(theirs)} in the report`
}

/** "name=value name=value": a value ends where the next field's name begins, for a string may hold anything. */
function differentFields(trace: Trace, row: number, fields: FieldPlan[], text: string): string[] {
  const pattern = fields.map(({ name }) => `${name}=(.*?)`).join(' ')
  const values = new RegExp(`^${pattern}\\s*$`, 's').exec(text)
  if (values === null) return [`fields: ${fields.map(({ name }) => name).join()} are not those of ${text}`]
  const columns = trace.columns[trace.rows.type[row]!]!
  return fields.map((field, index) => {
    const ours = valueOf(trace, field, columns[field.name]![trace.rows.index[row]!]!)
    const theirs = values[index + 1]!
    return isEqual(ours, theirs, field) ? '' : `${field.name}: ${String(ours)} is ${theirs} in the report`
  })
}

function valueOf(trace: Trace, { kind }: FieldPlan, entry: number | bigint): bigint | string {
  if (kind === 'string' || kind === 'hex') return trace.strings[Number(entry)]!
  return kind === 'pointer' ? trace.pointers[Number(entry)]! : BigInt(entry)
}

/**
 * libtraceevent prints a number as the print format does where that names the field alone: %03d, %08lx, %o, or
 * as the symbol of an address; else in decimal or as 0x....
 */
function isEqual(ours: bigint | string, theirs: string, { size, kind }: FieldPlan): boolean {
  if (typeof ours === 'string') return kind === 'hex' ? isSameArray(ours, theirs) : isSameText(ours, theirs)
  const digits = theirs.trim()
  const bits = (value: bigint): bigint => BigInt.asUintN(size * 8, value)
  if (/^-?\d+$/.test(digits) && bits(toDecimal(digits)) === bits(ours)) return true
  if (/^0?[0-7]+$/.test(digits) && BigInt(`0o${digits}`) === bits(ours)) return true
  if (/^(0x)?[0-9a-f]+$/.test(digits)) return bits(BigInt(`0x${digits.replace('0x', '')}`)) === bits(ours)
  return digits === '(nil)' ? ours === 0n : addressesOf(digits).includes(bits(ours))
}

function toDecimal(digits: string): bigint {
  return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits)
}

function isSameArray(ours: string, theirs: string): boolean {
  return ours === theirs.replace(/^ARRAY\[|\]$/g, '').replaceAll(', ', '')
}

/** What cannot be printed stands there as the bytes of an array. */
function isSameText(ours: string, theirs: string): boolean {
  if (!theirs.startsWith('ARRAY[')) return ours.trimEnd() === theirs.trimEnd()
  const bytes = Buffer.from(theirs.slice(6, -1).replaceAll(', ', ''), 'hex')
  return bytes.subarray(0, Math.max(0, bytes.indexOf(0))).toString() === ours
}

let symbols: Map<string, bigint[]> | undefined

/** "alloc_bprm+0x45": the addresses that this host's kernel knows by that name. */
function addressesOf(text: string): bigint[] {
  const [, name = '', offset = '0'] = /^(.+?)(?:\+(0x[0-9a-f]+))?$/.exec(text) ?? []
  symbols ??= readSymbols()
  return (symbols.get(name) ?? []).map((address) => address + BigInt(offset))
}

function readSymbols(): Map<string, bigint[]> {
  const found = new Map<string, bigint[]>()
  for (const entry of readFileSync('/proc/kallsyms', 'utf8').split('\n')) {
    const [address = '', , name = ''] = entry.split(/\s+/)
    if (name !== '') found.set(name, [...(found.get(name) ?? []), BigInt(`0x${address}`)])
  }
  return found
}
