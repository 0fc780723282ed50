import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrace, type FieldPlan, type Trace } from '../../addon/index.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata } from '../harness/fixtures.js'

/**
 * Pages of a Debian 6.1.192 guest, four a CPU, and what its kernel made of the same events in the file
 * `trace`.
 */
const fixture = fixturesFolder('raw-pages')
let folder = ''
let path = ''
let trace: Trace

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-read-trace-'))
  path = join(folder, 'trace.dat')
  await writeFixture(path)
  trace = await readTrace(path)
})

afterAll(() => rm(folder, { recursive: true }))

async function writeFixture(to: string): Promise<void> {
  const spools = [join(fixture, 'cpu0.pages'), join(fixture, 'cpu1.pages')]
  await writeTraceDat(to, { metadata: rawPagesMetadata(), cmdlines: '215 nfsd\n', spools })
}

/** The lines of the kernel's own text: "nfsd-215 [000] ...1. 3: fct_file: nfsd_file_alloc nf=...". */
function kernelLines(): { pid: number; cpu: number; ts: bigint; event: string; text: string }[] {
  const lines = readFileSync(join(fixture, 'trace.txt'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [, pid, cpu, ts, event = '', text = ''] =
      /-(\d+)\s+\[(\d+)\] \S+\s+(\d+): (\w+): (.*)/.exec(line) ?? []
    return { pid: Number(pid), cpu: Number(cpu), ts: BigInt(ts ?? 0), event, text }
  })
}

const typeIndex = (name: string): number => trace.types.findIndex((type) => type.name === name)

describe('pages of a 6.1 guest', () => {
  it('have the rows that the kernel prints, in its order', () => {
    const { rows, types } = trace
    const decoded = Array.from({ length: rows.count }, (_, row) => ({
      pid: rows.pid[row],
      cpu: rows.cpu[row],
      ts: rows.ts[row],
      event: types[rows.type[row]!]?.name,
    }))
    expect(decoded).toEqual(kernelLines().map(({ pid, cpu, ts, event }) => ({ pid, cpu, ts, event })))
  })

  it('have the fields that the kernel prints', () => {
    const type = typeIndex('fct_file')
    const columns = trace.columns[type]!
    const names = trace.types[type]!.symbols['op']!
    const number = (field: string, at: number): number => Number(columns[field]![at])
    const pointer = (field: string, at: number): string =>
      trace.pointers[number(field, at)]!.toString(16).padStart(16, '0')
    const printed = (at: number): string =>
      `${names[number('op', at)]!} nf=${pointer('nf', at)} inode=${pointer('inode', at)} ` +
      `file=${pointer('file', at)} ref=${number('ref', at)} flags=0x${number('flags', at).toString(16)} ` +
      `may=0x${number('may', at).toString(16)} status=${number('status', at)} ms=${number('ms', at)}`
    const rows = Array.from({ length: trace.rows.count }, (_, row) => row)
    const decoded = rows
      .filter((row) => trace.rows.type[row] === type)
      .map((row) => printed(trace.rows.index[row]!))
    const lines = kernelLines().filter(({ event }) => event === 'fct_file')
    expect(decoded).toEqual(lines.map(({ text }) => text))
  })

  it('come with the plans of their fields and the names of their flags', () => {
    const { system, fields, symbols, flagFields } = trace.types[typeIndex('nfsd_file_put')]!
    expect(system).toBe('nfsd')
    const kinds = (list: FieldPlan[]): string[] => list.map(({ name, kind }) => `${name}:${kind}`)
    expect(kinds(fields)).toEqual([
      'nf_inode:pointer',
      'nf_ref:i32',
      'nf_flags:u64',
      'nf_may:u8',
      'nf_file:pointer',
    ])
    expect(flagFields).toEqual(['nf_flags', 'nf_may'])
    expect(trace.types[typeIndex('fct_file')]!.flagFields).toEqual([])
    expect(symbols['nf_flags']).toEqual({ 1: 'HASHED', 2: 'PENDING', 4: 'REFERENCED', 8: 'GC' })
  })

  it('are accounted by CPU', () => {
    const events = [0, 1].map((wanted) => kernelLines().filter(({ cpu }) => cpu === wanted).length)
    expect(trace.perCpu).toEqual(events.map((count) => ({ pages: 4, events: count, raised: 0 })))
    expect(trace).toMatchObject({ version: 6, longSize: 8, cpus: 2, clock: 'counter', gaps: [] })
    expect(trace.comms).toEqual({ 215: 'nfsd' })
  })

  it('are as many for trace-cmd', async () => {
    const { stdout } = await execa('trace-cmd', ['report', path])
    expect(stdout.split('\n').filter((line) => /\[\d+\]/.test(line))).toHaveLength(trace.rows.count)
  })

  it('are the same in a file that trace-cmd has written', async () => {
    const seven = join(folder, 'seven.dat')
    const six = join(folder, 'six.dat')
    await execa('trace-cmd', [
      'convert',
      '-i',
      path,
      '-o',
      seven,
      '--file-version',
      '7',
      '--compression',
      'none',
    ])
    await execa('trace-cmd', ['convert', '-i', seven, '-o', six, '--file-version', '6'])
    for (const [file, version] of [
      [six, 6],
      [seven, 7],
    ] as const) {
      const converted = await readTrace(file)
      expect(converted.version).toBe(version)
      expect(converted.clock).toBe('counter')
      expect(converted.rows).toEqual(trace.rows)
      expect(converted.columns).toEqual(trace.columns)
      expect(converted.pointers).toEqual(trace.pointers)
    }
  })
})

/** Written by a trace-cmd 3.1.6 that was built with zlib, which Debian's is not: `convert --compression zlib` of the fixture. */
const zlibFixture = join(fixturesFolder('trace-dat'), 'zlib.dat')

describe('a file of version 7 that is compressed', () => {
  it.each(['zlib', 'zstd'])('with %s has the same pages', async (compression) => {
    const packed = compression === 'zlib' ? zlibFixture : join(folder, 'packed.dat')
    const convert = ['convert', '-i', path, '-o', packed, '--file-version', '7', '--compression', 'zstd']
    if (compression === 'zstd') await execa('trace-cmd', convert)
    const unpacked = await readTrace(packed)
    expect(unpacked).toMatchObject({ version: 7, clock: 'counter', buffer: '' })
    expect(unpacked.rows).toEqual(trace.rows)
    expect(unpacked.columns).toEqual(trace.columns)
    expect(unpacked.pointers).toEqual(trace.pointers)
  })

  it('is refused wherever it is cut off and whatever byte is another, or says the same', async () => {
    const whole = readFileSync(zlibFixture)
    const other = join(folder, 'damaged.dat')
    const outcomeOf = async (bytes: Uint8Array): Promise<string> => {
      await writeFile(other, bytes)
      const began = performance.now()
      const outcome = await readTrace(other).then(
        ({ rows }) => `${rows.count} events`,
        (error: unknown) => (error as { code: string }).code,
      )
      expect(performance.now() - began).toBeLessThan(2000)
      return outcome
    }
    const all = `${trace.rows.count} events`
    const strings = 112 // at its end, which say nothing of the pages
    for (let length = 0; length < whole.length; length++) {
      const expected = length < whole.length - strings ? /^FCT_DECODE_[A-Z]+$/ : new RegExp(`^${all}$`)
      expect(await outcomeOf(whole.subarray(0, length)), `cut off at ${length}`).toMatch(expected)
    }
    const outcomes = new Map<string, number>()
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Uint8Array.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      const outcome = await outcomeOf(damaged)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    for (const outcome of outcomes.keys()) expect(outcome).toMatch(/^(FCT_DECODE_[A-Z]+|\d+ events)$/)
    expect(outcomes.get('FCT_DECODE_PACKED')).toBeGreaterThan(500)
  })
})

describe('what cannot be read', () => {
  it('is refused with a code and the place', async () => {
    const other = join(folder, 'other')
    await writeFile(other, 'PERFILE2 and more than ten bytes')
    await expect(readTrace(other)).rejects.toMatchObject({ code: 'FCT_DECODE_MAGIC', offset: 0 })
    const whole = readFileSync(path)
    await writeFile(other, whole.subarray(0, whole.length - 100))
    const rejected = { code: 'FCT_DECODE_TRUNCATED', offset: expect.any(Number) as number }
    await expect(readTrace(other)).rejects.toMatchObject(rejected)
  })

  it('names the byte of a page that is nonsense', async () => {
    const other = join(folder, 'other')
    const whole = readFileSync(path)
    const lastPage = whole.length - 4096
    whole.writeUInt32LE(4090, lastPage + 8)
    await writeFile(other, whole)
    await expect(readTrace(other)).rejects.toMatchObject({ code: 'FCT_DECODE_PAGE', offset: lastPage + 8 })
  })

  it('fails as Node fails where there is no file', async () => {
    const missing = join(folder, 'missing')
    const expected = { code: 'ENOENT', errno: -2, syscall: 'open', path: missing }
    await expect(readTrace(missing)).rejects.toMatchObject(expected)
    await expect(readTrace(folder)).rejects.toMatchObject({ code: 'EISDIR', syscall: 'read', path: folder })
  })

  it('is refused before it is tried when it is no path', async () => {
    await expect(readTrace(3 as unknown as string)).rejects.toThrow(TypeError)
    await expect(readTrace('a\0b')).rejects.toThrow(RangeError)
  })
})
