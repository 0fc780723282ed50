import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readTrace, type Trace } from '../../../addon/index.js'
import { chromeJson } from '../../../harness/export/chrome-json.js'
import { csvTables } from '../../../harness/export/csv.js'
import { reportLines } from '../../../harness/export/report-lines.js'
import { traceStats } from '../../../harness/export/trace-stats.js'
import { fixturesFolder } from '../fixtures.js'
import { lossyTrace } from './lossy-trace.js'

let folder = ''
let trace: Trace
/** The kernel's own text of the events. */
let kernel: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-export-'))
  trace = await lossyTrace(folder)
  const text = await readFile(join(fixturesFolder('raw-pages'), 'trace.txt'), 'utf8')
  kernel = text.trimEnd().split('\n')
})

afterAll(() => rm(folder, { recursive: true }))

describe('the report', () => {
  it('has the form of trace-cmd report -R, names of flags and symbols, and a line per loss', () => {
    const lines = [...reportLines(trace)]
    expect(lines.slice(0, 5)).toEqual([
      'cpus=2',
      '            nfsd-215   [000]           3: fct_file:              nf=0xff34d96385df6ee8 inode=0xff34d963830ffac0 file=0x0 flags=11 ref=1 status=0 ms=15700 op=nfsd_file_alloc may=4',
      'CPU:1 [7 EVENTS DROPPED]',
      '           <...>-216   [001]           4: fct_file:              nf=0xff34d96385df6468 inode=0xff34d963830e0fe0 file=0x0 flags=3 ref=1 status=0 ms=15700 op=nfsd_file_alloc may=6',
      '           <...>-216   [001]           5: nfsd_file_alloc:       nf_inode=0xff34d963830e0fe0 nf_flags=HASHED|PENDING nf_may=WRITE|READ nf_ref=1',
    ])
    expect(lines.filter((line) => line.startsWith('CPU:'))).toHaveLength(3)
    expect(lines.at(-1)).toBe('CPU:1 [5 EVENTS DROPPED]')
    const unknown = lines.indexOf('CPU:0 [EVENTS DROPPED]')
    expect(lines[unknown + 1]).toMatch(/\[000\] +267: /)
    expect(lines).toHaveLength(1 + kernel.length + 3)
  })

  it('names the tasks that the kernel had saved, and says which it had not', () => {
    const strange = { ...trace, comms: { 215: '\u001b[31mred\u202e', 216: 'a b' } }
    const text = [...reportLines(strange)].join('\n')
    expect(text).toContain('\ufffd[31mred\ufffd-215')
    expect(text).toContain('             a b-216')
    expect(text).toContain('           <...>-214')
  })

  it('gives times in seconds where the clock is one', async () => {
    const [, line = ''] = reportLines(await lossyTrace(folder, 'mono'))
    expect(line).toMatch(/^ {12}nfsd-215 {3}\[000\] {5}0\.000000003: fct_file: /)
  })
})

describe('the statistics', () => {
  it('count what the kernel printed, by type and CPU, and what was lost', () => {
    const stats = traceStats(trace)
    const printed = (pattern: RegExp): number => kernel.filter((line) => pattern.test(line)).length
    expect(stats).toMatchObject({ events: kernel.length, first: '3', perSecond: null, unit: 'ticks' })
    expect(stats).toMatchObject({ lost: 12, unknownGaps: 1, kernelLost: null, version: 6 })
    expect(stats.cpus).toMatchObject([
      { cpu: 0, pages: 4, events: printed(/\[000\]/), lost: 0, unknownGaps: 1, first: '3' },
      { cpu: 1, pages: 5, events: printed(/\[001\]/), lost: 12, unknownGaps: 0, first: '4' },
    ])
    const puts = stats.types.find(({ event }) => event === 'nfsd:nfsd_file_put')
    expect(puts).toMatchObject({
      events: printed(/: nfsd_file_put: /),
      byCpu: [printed(/\[000\].*: nfsd_file_put: /), printed(/\[001\].*: nfsd_file_put: /)],
    })
    expect(stats.types.reduce((sum, { events }) => sum + events, 0)).toBe(kernel.length)
  })

  it('have a rate where the clock is a time', async () => {
    const stats = traceStats(await lossyTrace(folder, 'mono'))
    const nanoseconds = Number(BigInt(stats.last!) - BigInt(stats.first!))
    expect(stats.unit).toBe('ns')
    expect(stats.perSecond).toBeCloseTo(stats.events / (nanoseconds / 1e9), 6)
  })

  it('have the losses that the ring buffers counted, where all of them did', () => {
    const [first, second] = trace.perCpu.map(({ events }) => events)
    const none = { entries: 0, overrun: 0, commitOverrun: 0, dropped: 0, read: first! }
    const ring = { entries: 6, overrun: 21, commitOverrun: 300, dropped: 4000, read: second! - 6 }
    const counted = traceStats({ ...trace, ringStats: [none, ring] })
    expect(counted).toMatchObject({ kernelLost: 4321, lost: 12 })
    expect(counted.cpus).toMatchObject([{ kernelLost: 0 }, { kernelLost: 4321 }])
    const half = traceStats({ ...trace, ringStats: [none, null] })
    expect(half).toMatchObject({ kernelLost: null, cpus: [{ kernelLost: 0 }, { kernelLost: null }] })
  })

  it('of an empty trace are noughts', () => {
    const empty = { ...trace, gaps: [], rows: { ...trace.rows, count: 0 } }
    expect(traceStats(empty)).toMatchObject({
      events: 0,
      first: null,
      last: null,
      perSecond: null,
      types: [],
    })
  })
})

/* The rules of the Trace Event Format for the phases that are used, and of Perfetto's import: numbers, and X with a duration. */
const track = { pid: z.int().min(0), tid: z.int().min(0), name: z.string().min(1) }
const traceEvent = z.discriminatedUnion('ph', [
  z.strictObject({
    ...track,
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name']),
    args: z.strictObject({ name: z.string() }),
  }),
  z.strictObject({
    ...track,
    ph: z.literal('i'),
    s: z.enum(['t', 'p', 'g']),
    ts: z.number().min(0),
    cat: z.string(),
    args: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  z.strictObject({
    ...track,
    ph: z.literal('X'),
    ts: z.number().min(0),
    dur: z.number().min(0),
    cat: z.string(),
    args: z.record(z.string(), z.unknown()),
  }),
])
const chromeDocument = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  otherData: z.record(z.string(), z.unknown()),
  traceEvents: z.array(traceEvent),
})

describe('Chrome JSON', () => {
  it('keeps the rules of the format, with an instant per event and a slice per loss', () => {
    const text = [...chromeJson(trace)].join('')
    const { traceEvents } = chromeDocument.parse(JSON.parse(text))
    const instants = traceEvents.filter(({ ph }) => ph === 'i')
    expect(instants).toHaveLength(kernel.length)
    expect(instants[0]).toMatchObject({
      name: 'fct_file',
      ts: 3,
      tid: 215,
      args: { CPU: 0, op: 'nfsd_file_alloc', ref: 1, file: '0x0' },
    })
    const losses = traceEvents.filter(({ ph }) => ph === 'X')
    expect(losses.map(({ name, tid }) => `${tid}: ${name}`)).toEqual([
      '1: 7 events lost',
      '0: events lost',
      '1: 5 events lost',
    ])
    const named = new Set(
      traceEvents.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid}/${tid}`),
    )
    for (const { pid, tid } of [...instants, ...losses]) expect(named).toContain(`${pid}/${tid}`)
  })

  it('has the ns of a time in full', async () => {
    const late = await lossyTrace(folder, 'mono')
    late.rows.ts = late.rows.ts.map((stamp) => stamp + 12_345_678_901_234_567n)
    expect([...chromeJson(late)].join('')).toContain('"ts":12345678901234.570,"name":"fct_file"')
  })

  it('is sound for a trace without events', () => {
    const empty = { ...trace, gaps: [], rows: { ...trace.rows, count: 0 } }
    const { traceEvents } = chromeDocument.parse(JSON.parse([...chromeJson(empty)].join('')))
    expect(traceEvents.every(({ ph }) => ph === 'M')).toBe(true)
  })
})

describe('CSV', () => {
  it('has a table per event type with one type a column, raw values and the names beside them', () => {
    const tables = csvTables(trace)
    const table = tables.find(({ event }) => event === 'nfsd:nfsd_file_put')!
    const [head, ...lines] = table.lines()
    expect(table.name).toBe('nfsd.nfsd_file_put')
    expect(head).toBe('ts,cpu,pid,comm,nf_inode,nf_ref,nf_flags,nf_may,nf_file')
    expect(table.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'ts:uint64',
      'cpu:uint16',
      'pid:int32',
      'comm:string',
      'nf_inode:string',
      'nf_ref:int32',
      'nf_flags:uint64',
      'nf_may:uint8',
      'nf_file:string',
    ])
    expect(table.columns[6]).toMatchObject({ names: { 1: 'HASHED', 8: 'GC' }, isFlags: true })
    const printed = kernel.filter((line) => line.includes(': nfsd_file_put: '))
    expect(lines).toHaveLength(table.rows)
    expect(lines).toHaveLength(printed.length)
    expect(lines.map((line) => line.split(',')[0])).toEqual(
      printed.map((line) => / (\d+): nfsd_file_put/.exec(line)![1]),
    )
    expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(kernel.length)
  })

  it('quotes what would be taken for its own signs', () => {
    const strange = { ...trace, comms: { 215: 'a,"b"' } }
    const table = csvTables(strange).find(({ event }) => event === 'nfsd:nfsd_file_put')!
    expect([...table.lines()].find((line) => line.includes(',215,'))).toContain(',215,"a,""b""",0x')
  })
})

describe('values', () => {
  it('are named only where the table says all of them', async () => {
    const zlib = await readTrace(join(fixturesFolder('trace-dat'), 'zlib.dat'))
    const type = zlib.types.findIndex(({ name }) => name === 'nfsd_file_put')
    const flags = zlib.columns[type]!['nf_flags'] as BigUint64Array
    flags.set([9n, 16n, 0n, 17n])
    const lines = [...reportLines(zlib)].filter((line) => line.includes('nfsd_file_put: '))
    const printed = lines.map((line) => /nf_flags=(\S*)/.exec(line)![1])
    for (const expected of ['HASHED|GC', '0x10', '0x0', '0x11']) expect(printed).toContain(expected)
  })
})
