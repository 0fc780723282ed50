import { readFileSync } from 'node:fs'
import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import {
  createEventView,
  openTrace,
  readTrace,
  TraceStream,
  type Batch,
  type EventShape,
  type EventType,
  type FieldKind,
  type Trace,
} from '../../addon/index.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata } from '../harness/fixtures.js'

const spools = ['cpu0.pages', 'cpu1.pages'].map((name) => join(fixturesFolder('raw-pages'), name))

let folder = ''
let path = ''
let whole: Trace

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-trace-batches-'))
  path = join(folder, 'trace.dat')
  await writeFixture(path)
  whole = await readTrace(path)
})

afterAll(() => rm(folder, { recursive: true }))

async function writeFixture(to: string): Promise<void> {
  await writeTraceDat(to, { metadata: rawPagesMetadata(), cmdlines: '', spools })
}

interface Tables {
  readonly types: readonly EventType[]
  pointer(id: number): bigint
  string(id: number): string
}

/** An event a line, ids resolved. */
function describeRows(batch: Pick<Batch | Trace, 'rows' | 'columns'>, tables: Tables): string[] {
  const { count, ts, cpu, type, index, pid } = batch.rows
  return Array.from({ length: count }, (_, row) => {
    const event = tables.types[type[row] ?? 0]
    const fields = (event?.fields ?? []).map(({ name, kind }) => {
      const value = batch.columns[type[row] ?? 0]?.[name]?.[index[row] ?? 0]
      if (kind === 'pointer') return tables.pointer(Number(value)).toString(16)
      return kind === 'string' || kind === 'hex' ? tables.string(Number(value)) : String(value)
    })
    return [ts[row], cpu[row], pid[row], event?.name, ...fields].join(' ')
  })
}

const wholeRows = (): string[] =>
  describeRows(whole, {
    types: whole.types,
    pointer: (id) => whole.pointers[id] ?? 0n,
    string: (id) => whole.strings[id] ?? '',
  })

describe('openTrace', () => {
  it.each([1, 7, 65_536])(
    'gives the same as readTrace, in batches of at most %i events',
    async (batchRows) => {
      const trace = await openTrace(path, { batchRows })
      const rows: string[] = []
      for await (const batch of trace) {
        expect(batch.rows.count).toBeLessThanOrEqual(batchRows)
        rows.push(...describeRows(batch, trace))
      }
      expect(rows.length).toBeGreaterThan(400)
      expect(rows).toEqual(wholeRows())
      expect(trace.summarize()).toEqual(whole.perCpu)
      expect(trace.head).toMatchObject({ version: 6, longSize: 8, cpus: 2, clock: 'counter' })
    },
  )

  it('gives only the columns that were asked for, and the same rows', async () => {
    const columns = { 'fctorture:fct_file': ['ref', 'none'], 'nfsd:none': ['x'] }
    const type = whole.types.findIndex(({ name }) => name === 'fct_file')
    const references: number[] = []
    const trace = await openTrace(path, { columns, batchRows: 50 })
    let seen = 0
    for await (const batch of trace) {
      for (const of of batch.columns.keys()) {
        const expected = of === type ? ['ref'] : []
        if (batch.columns[of] !== undefined) expect(Object.keys(batch.columns[of])).toEqual(expected)
      }
      references.push(...((batch.columns[type]?.['ref'] ?? []) as Int32Array))
      expect(batch.rows.ts).toEqual(whole.rows.ts.subarray(seen, seen + batch.rows.count))
      seen += batch.rows.count
    }
    expect(seen).toBe(whole.rows.count)
    expect(references).toEqual([...((whole.columns[type]?.['ref'] ?? []) as Int32Array)])
    expect(trace.types).toEqual(whole.types)
    expect(Object.keys((await readTrace(path, { columns })).columns[type] ?? {})).toEqual(['ref'])
    await expect(openTrace(path, { columns: { x: 'ref' } as never })).rejects.toThrow(TypeError)
    await expect(openTrace(path, { columns: { x: [1] } as never })).rejects.toThrow(TypeError)
  })

  it('can be read once', async () => {
    const trace = await openTrace(path)
    for await (const batch of trace) expect(batch.rows.count).toBe(whole.rows.count)
    await expect(trace[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'FCT_TRACE_STATE' })
  })

  it('is closed by leaving the loop, or by hand, and tells what it has read', async () => {
    const state: unknown = expect.objectContaining({ code: 'FCT_TRACE_STATE' })
    const trace = await openTrace(path, { batchRows: 50 })
    for await (const batch of trace) {
      expect(batch.rows.count).toBe(50)
      expect(() => {
        trace.close()
      }).toThrow(state)
      break
    }
    trace.close()
    expect(trace.summarize().some(({ events }) => events > 0)).toBe(true)
    const unread = await openTrace(path)
    unread.close()
    await expect(unread[Symbol.asyncIterator]().next()).rejects.toEqual(state)
  })

  it('tells of the batches so far, although the next one is being made', async () => {
    const trace = await openTrace(path, { batchRows: 50 })
    expect(trace.summarize().every(({ events }) => events === 0)).toBe(true)
    let batches = 0
    for await (const { rows } of trace) {
      const tables = [trace.summarize(), trace.pointers.length]
      await readTrace(path) // the decoder of the next batch has begun before
      expect([trace.summarize(), trace.pointers.length]).toEqual(tables)
      batches += rows.count > 0 ? 1 : 0
    }
    expect(batches).toBe(Math.ceil(whole.rows.count / 50))
  })

  it('says what is wrong with a file, when opening or in the middle', async () => {
    await expect(openTrace(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(openTrace(import.meta.filename)).rejects.toMatchObject({
      code: 'FCT_DECODE_MAGIC',
      offset: 0,
    })
    await expect(openTrace(path, { batchRows: 0 })).rejects.toThrow(RangeError)
    const cut = join(folder, 'cut.dat')
    await writeFixture(cut)
    const trace = await openTrace(cut, { batchRows: 10 })
    await truncate(cut, 4096)
    await expect(async () => {
      for await (const batch of trace) expect(batch.rows.count).toBeLessThanOrEqual(10)
    }).rejects.toMatchObject({ code: 'FCT_DECODE_TRUNCATED' })
  })
})

/** The fixture's pages, CPU by CPU. */
function readPages(): Buffer[][] {
  return spools.map((spool) => {
    const bytes = readFileSync(spool)
    return Array.from({ length: bytes.length / 4096 }, (_, page) =>
      bytes.subarray(page * 4096, (page + 1) * 4096),
    )
  })
}

describe('TraceStream', () => {
  it('gives what is certain while pages come, and the rest at the end', async () => {
    const stream = new TraceStream(rawPagesMetadata(), { batchRows: 50 })
    const [pages0 = [], pages1 = []] = readPages()
    const rows: string[] = []
    const iterator = stream[Symbol.asyncIterator]()
    const take = async (): Promise<boolean> => {
      const { done, value } = await iterator.next()
      if (!done) rows.push(...describeRows(value, stream))
      return done !== true
    }
    for (const page of pages0) stream.push(0, page)
    const first = take()
    // Nothing is certain before something is known of the other CPU.
    expect(await Promise.race([first, new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe(
      'waits',
    )
    for (const page of pages1) stream.push(1, page)
    expect(await first).toBe(true)
    stream.end()
    while (await take());
    expect(rows).toEqual(wholeRows())
    expect(stream.summarize()).toEqual(whole.perCpu)
  })

  it('does not wait for a CPU that is quiet', async () => {
    const stream = new TraceStream(rawPagesMetadata())
    stream.push(0, readPages()[0]?.[0] ?? Buffer.alloc(0))
    stream.quiet(1, 2n ** 64n - 1n)
    const { value } = await stream[Symbol.asyncIterator]().next()
    expect(value?.rows.count).toBeGreaterThan(50)
    expect(value?.columns.flatMap((fields) => Object.keys(fields ?? {}))).toContain('nf_ref')
  })

  it('makes the columns that were asked for', async () => {
    const stream = new TraceStream(rawPagesMetadata(), { columns: { 'fctorture:fct_file': ['op'] } })
    for (const [cpu, pages] of readPages().entries()) for (const page of pages) stream.push(cpu, page)
    stream.end()
    const { value } = await stream[Symbol.asyncIterator]().next()
    expect(value?.columns.flatMap((fields) => Object.keys(fields ?? {}))).toEqual(['op'])
  })

  it('refuses what it cannot take', () => {
    const metadata = rawPagesMetadata()
    expect(() => new TraceStream({ ...metadata, headerPage: 'x' })).toThrow(
      expect.objectContaining({ code: 'FCT_DECODE_FORMAT' }),
    )
    expect(() => new TraceStream({ ...metadata, cpus: 0 })).toThrow(RangeError)
    const stream = new TraceStream(metadata)
    expect(() => {
      stream.push(2, Buffer.alloc(16))
    }).toThrow(RangeError)
    expect(() => {
      stream.push(0, 'page' as never)
    }).toThrow(TypeError)
    expect(() => {
      stream.quiet(0, -1n)
    }).toThrow(RangeError)
    stream.end()
    stream.end()
    expect(() => {
      stream.push(0, Buffer.alloc(16))
    }).toThrow(expect.objectContaining({ code: 'FCT_TRACE_STATE' }))
  })

  it('rejects at a damaged page, with its place in the stream of the CPU', async () => {
    const stream = new TraceStream(rawPagesMetadata())
    const [page = Buffer.alloc(0)] = readPages()[0] ?? []
    stream.push(0, page)
    stream.push(0, Buffer.alloc(4096, 0xff))
    stream.end()
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'FCT_DECODE_PAGE',
      offset: 4096 + 8,
    })
  })
})

const fctFile = {
  event: 'fctorture:fct_file',
  fields: { nf: 'pointer', ref: 'i32', op: 'u16', may: 'u8' },
} as const satisfies EventShape<Readonly<Record<string, FieldKind>>>

describe('createEventView', () => {
  it('reads the fields of one event after the other', () => {
    const view = createEventView(whole.types, fctFile)
    if (view === undefined) throw new Error('the fixture has the event')
    expectTypeOf(view.ref).toEqualTypeOf<number>()
    expectTypeOf(view).not.toHaveProperty('inode')
    view.enter(whole)
    const columns = whole.columns[view.type] ?? {}
    const { length } = columns['nf'] ?? []
    expect(length).toBeGreaterThan(200)
    for (let index = 0; index < length; index++) {
      view.moveTo(index)
      expect([view.nf, view.ref, view.op, view.may]).toEqual(
        ['nf', 'ref', 'op', 'may'].map((field) => columns[field]?.[index]),
      )
    }
    expect(view.symbols['op']?.[1]).toBe('nfsd_file_alloc')
  })

  it('goes on in the next batch', async () => {
    const trace = await openTrace(path, { batchRows: 16 })
    const view = createEventView(trace.types, fctFile)
    const references: number[] = []
    for await (const batch of trace) {
      view?.enter(batch)
      for (let row = 0; row < batch.rows.count; row++) {
        if (view === undefined || batch.rows.type[row] !== view.type) continue
        view.moveTo(batch.rows.index[row] ?? 0)
        references.push(view.ref)
      }
    }
    const type = whole.types.findIndex(({ name }) => name === 'fct_file')
    expect(references).toEqual([...(whole.columns[type]?.['ref'] ?? [])])
  })

  it('does not read what was left out', async () => {
    const few = await readTrace(path, { columns: { [fctFile.event]: ['nf', 'op', 'may'] } })
    const view = createEventView(few.types, fctFile)
    expect(() => view?.enter(few)).toThrow(expect.objectContaining({ code: 'FCT_DECODE_FIELD' }))
  })

  it('gives 64-bit integers as bigints', () => {
    const shape = { event: 'nfsd:nfsd_file_put', fields: { nf_flags: 'u64' } } as const
    const view = createEventView(whole.types, shape)
    if (view === undefined) throw new Error('the fixture has the event')
    expectTypeOf(view.nf_flags).toEqualTypeOf<bigint>()
    view.enter(whole)
    expect(view.nf_flags).toBe(whole.columns[view.type]?.['nf_flags']?.[0])
  })

  it('knows when a trace does not have what is wanted', () => {
    expect(createEventView(whole.types, { event: 'nfsd:none', fields: {} })).toBeUndefined()
    const wrong = { code: 'FCT_DECODE_FIELD' }
    expect(() => createEventView(whole.types, { ...fctFile, fields: { nf: 'u64' } })).toThrow(
      expect.objectContaining(wrong),
    )
    expect(() => createEventView(whole.types, { ...fctFile, fields: { none: 'u8' } })).toThrow(
      expect.objectContaining(wrong),
    )
  })
})
