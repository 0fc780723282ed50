import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frameChecksum, readTrace, TraceReader, type Trace } from '../../addon/index.js'
import { TraceSpool, type SpoolEnd } from '../../harness/store/trace-spool.js'
import { rawPagesMetadata } from '../harness/fixtures.js'
import { markers } from './marker-lines.js'
import { obstacle, PrivateInstance } from './private-instance.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-trace-reader-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** As the host takes a guest's stream: frames checked, pages spooled, put together, decoded. */
async function assemble(
  instance: PrivateInstance,
  stream: string,
  events: string[],
): Promise<[Trace, SpoolEnd, string]> {
  const spool = new TraceSpool(folder, instance.metadata(events))
  const end = await spool.receive(createReadStream(stream))
  const path = await spool.assemble('')
  return [await readTrace(path), end, path]
}

const markTexts = (count: number): string[] => Array.from({ length: count }, (_, number) => `mark ${number}`)

describe.skipIf(obstacle !== '')("on this host's tracefs", () => {
  let instance: PrivateInstance
  let reader: TraceReader | undefined

  beforeEach(() => {
    instance = new PrivateInstance('reader')
  })

  afterEach(() => {
    reader?.close()
    reader = undefined
    instance.remove()
  })

  /** Opens `path`, starts a reader into it; the reader has its own duplicate. */
  async function startInto(path: string, options: { poolBytes?: number } = {}): Promise<TraceReader> {
    const file = await open(path, 'w')
    reader = new TraceReader({ instance: instance.folder, fd: file.fd, ...options })
    await file.close()
    reader.start()
    return reader
  }

  it('ships every event that the kernel says was read, and trace-cmd finds as many in the file', async () => {
    const stream = join(folder, 'stream')
    const started = await startInto(stream)
    instance.write('events/sched/enable', '1')
    const written = markTexts(20_000)
    for (const text of written) instance.mark(text)
    // Busy children on all CPUs, so that there is something to merge.
    await Promise.all(
      Array.from({ length: 8 }, () => execa('sh', ['-c', 'for i in 1 2 3 4 5; do sleep 0.01; done'])),
    )
    instance.write('tracing_on', '0')
    const stats = await started.stop()
    const [trace, end, path] = await assemble(instance, stream, ['ftrace:print', ...instance.events('sched')])

    expect(end).toMatchObject({ complete: true, damage: '' })
    expect(stats.error).toBeNull()
    expect(instance.count('overrun') + instance.count('entries')).toBe(0)
    expect(trace.rows.count).toBe(instance.count('read events'))
    expect(trace.rows.count).toBeGreaterThan(20_000)
    expect(trace.perCpu.map(({ events }) => events)).toEqual([...end.stats.values()].map(({ read }) => read))
    expect(trace.perCpu.reduce((sum, { pages }) => sum + pages, 0)).toBe(stats.pages)
    expect(trace.gaps).toEqual([])
    expect(trace.clock).toBe('counter')
    expect(markers(trace, trace.types, (id) => trace.strings[id]!)).toEqual(written)
    expect(findDisorder(trace)).toBe(-1)
    const report = await execa('trace-cmd', ['report', path], { maxBuffer: 1 << 28 })
    const lines = report.stdout.split('\n').filter((line) => !line.startsWith('cpus='))
    expect(lines).toHaveLength(trace.rows.count)
    expect(report.stdout).not.toContain('UNKNOWN')
  })

  it('loses nothing while nobody reads, with room for two pages, and says that it was blocked', async () => {
    const fifo = join(folder, 'fifo')
    spawnSync('mkfifo', [fifo])
    const stream = join(folder, 'stream')
    const sink = createWriteStream(stream)
    const source = createReadStream(fifo)
    const started = await startInto(fifo, { poolBytes: 1 })
    const written = markTexts(5000)
    for (const text of written) instance.mark(text)
    await delay(100)
    expect(started.stats().blocked).toBeGreaterThan(0)
    instance.write('tracing_on', '0')
    source.pipe(sink)
    await Promise.all([started.stop(), once(sink, 'finish')])
    const [trace, end] = await assemble(instance, stream, ['ftrace:print'])
    expect(end).toMatchObject({ complete: true, damage: '' })
    expect(markers(trace, trace.types, (id) => trace.strings[id]!)).toEqual(written)
  })

  it('tells where the ring buffer overran, and the kernel counts explain every event', async () => {
    instance.write('buffer_size_kb', '8')
    const written = markTexts(3000)
    for (const text of written) instance.mark(text)
    instance.write('tracing_on', '0')
    const stream = join(folder, 'stream')
    await (await startInto(stream)).stop()
    const [trace] = await assemble(instance, stream, ['ftrace:print'])
    const overrun = instance.count('overrun')
    expect(overrun).toBeGreaterThan(0)
    expect(trace.rows.count + overrun).toBe(written.length)
    expect(trace.gaps.length).toBeGreaterThan(0)
    for (const { cpu, before } of trace.gaps) {
      const first = trace.rows.cpu.indexOf(cpu)
      expect(before).toBe(trace.rows.ts[first])
    }
    const counted = trace.gaps.map(({ missed }) => missed)
    if (!counted.includes(null)) expect(counted.reduce((sum, missed) => sum! + missed!, 0)).toBe(overrun)
  })

  it('reports a reader that went away as the error of write', async () => {
    const fifo = join(folder, 'fifo')
    spawnSync('mkfifo', [fifo])
    const cat = spawn('head', ['-c', '10', fifo], { stdio: 'ignore' })
    const started = await startInto(fifo)
    for (const text of markTexts(1000)) instance.mark(text)
    await once(cat, 'exit')
    for (const text of markTexts(1000)) instance.mark(text)
    instance.write('tracing_on', '0')
    const expected = { code: 'EPIPE', errno: -32, syscall: 'write', path: fifo }
    await expect(started.stop()).rejects.toMatchObject(expected)
    await expect(started.stop()).rejects.toMatchObject(expected)
    expect(started.stats().error).toMatchObject(expected)
  })

  it('reports a full medium as the error of write', async () => {
    const started = await startInto('/dev/full')
    instance.mark('anything')
    instance.write('tracing_on', '0')
    await expect(started.stop()).rejects.toMatchObject({
      code: 'ENOSPC',
      syscall: 'write',
      path: '/dev/full',
    })
  })

  it('rejects stop() when close() comes before all was written', async () => {
    const fifo = join(folder, 'fifo')
    spawnSync('mkfifo', [fifo])
    const holder = openSync(fifo, 'r+')
    const started = await startInto(fifo)
    for (const text of markTexts(5000)) instance.mark(text)
    instance.write('tracing_on', '0')
    const stopped = started.stop()
    started.close()
    await expect(stopped).rejects.toMatchObject({ code: 'ECANCELED' })
    closeSync(holder)
  })

  it('comes to an end while tracing goes on', async () => {
    instance.write('events/sched/enable', '1')
    const started = await startInto(join(folder, 'stream'))
    await delay(20)
    expect((await started.stop()).error).toBeNull()
  })

  it('is used in order', async () => {
    const fd = openSync(join(folder, 'stream'), 'w')
    reader = new TraceReader({ instance: instance.folder, fd })
    closeSync(fd)
    await expect(reader.stop()).rejects.toMatchObject({ code: 'FCT_READER_STATE' })
    reader.start()
    expect(() => reader?.start()).toThrow(expect.objectContaining({ code: 'FCT_READER_STATE' }) as Error)
    reader.close()
    reader.close()
  })

  it('refuses a descriptor that is not open', () => {
    expect(() => new TraceReader({ instance: instance.folder, fd: 54_321 })).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'dup' }) as Error,
    )
  })
})

/** A tracing instance that is none: its only CPU is a pipe, which gives the pages that are written into it. */
class PipeInstance {
  readonly folder: string
  readonly #pipe: number

  constructor(below: string) {
    this.folder = join(below, 'instance')
    const cpu = join(this.folder, 'per_cpu', 'cpu0')
    mkdirSync(join(this.folder, 'events'), { recursive: true })
    mkdirSync(cpu, { recursive: true })
    writeFileSync(join(this.folder, 'events', 'header_page'), rawPagesMetadata().headerPage)
    writeFileSync(join(this.folder, 'tracing_on'), '1\n')
    writeFileSync(join(cpu, 'buffer_size_kb'), '1408\n')
    writeFileSync(join(cpu, 'stats'), 'entries: 0\n')
    spawnSync('mkfifo', [join(cpu, 'trace_pipe_raw')])
    this.#pipe = openSync(join(cpu, 'trace_pipe_raw'), 'r+')
  }

  /** @param used Bytes of events of each page; they come at once. */
  write(used: readonly number[]): void {
    const pages = used.map((length) => {
      const page = Buffer.alloc(4096)
      page.writeBigUInt64LE(BigInt(length), 8)
      return page
    })
    writeSync(this.#pipe, Buffer.concat(pages))
  }

  close(): void {
    closeSync(this.#pipe)
  }
}

describe('of a ring buffer whose sub-buffers are read in part', () => {
  const [part, full] = [100, 4000]
  /** A tick so long that nothing of the test happens in a second one. */
  const intervalMs = 60_000
  let instance: PipeInstance
  let reader: TraceReader

  beforeEach(() => {
    instance = new PipeInstance(folder)
    const fd = openSync(join(folder, 'stream'), 'w')
    reader = new TraceReader({ instance: instance.folder, fd, intervalMs })
    closeSync(fd)
  })

  afterEach(() => {
    reader.close()
    instance.close()
  })

  /** So many pages have been read, and the reader sleeps. */
  async function untilRead(pages: number): Promise<void> {
    await expect.poll(() => (reader.stats().pages === pages ? stateOfThread('fct-drain') : '')).toBe('S')
  }

  /** Poll said of one page that there was something: as it does before 6.1, and as it is not believed again. */
  async function mistrustPoll(): Promise<void> {
    reader.start()
    await untilRead(0)
    instance.write([full])
    await untilRead(1)
  }

  it('reads what is behind the rest of one at once, and not at the next tick', async () => {
    reader.start()
    await untilRead(0)
    instance.write([part, full, full, part])
    await untilRead(4)
  })

  it('is not woken again by a poll that tells of whatever there is', async () => {
    await mistrustPoll()
    const before = wakesOfThread('fct-drain')
    for (let page = 0; page < 4; page++) instance.write([full])
    await delay(100)
    expect(wakesOfThread('fct-drain')).toBe(before)
    expect((await reader.stop()).pages).toBe(5)
  })

  it.each(['1', '0'])('leaves no full one behind when it is stopped, tracing_on being %s', async (isOn) => {
    writeFileSync(join(instance.folder, 'tracing_on'), `${isOn}\n`)
    await mistrustPoll()
    instance.write([part, full, full, part])
    expect((await reader.stop()).pages).toBe(5)
  })
})

/** The file of a task of this process, by its thread's name. */
function readTask(name: string, file: string): string {
  const tasks = readdirSync('/proc/self/task').map((task) => join('/proc/self/task', task))
  const task = tasks.find((path) => readFileSync(join(path, 'comm'), 'utf8').trim() === name)
  return task === undefined ? '' : readFileSync(join(task, file), 'utf8')
}

/** 'S': it sleeps until something comes. */
function stateOfThread(name: string): string | undefined {
  return /^State:\s+(\w)/m.exec(readTask(name, 'status'))?.[1]
}

function wakesOfThread(name: string): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readTask(name, 'status'))?.[1])
}

it('refuses an instance that is not there, with the path that was missing', () => {
  expect(() => new TraceReader({ instance: '/nonexistent', fd: 1 })).toThrow(
    expect.objectContaining({
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: '/nonexistent/events/header_page',
    }) as Error,
  )
})

it('gives the checksum of a frame as xxhsum -H1 does, wherever in a buffer the data are', () => {
  expect(frameChecksum(Buffer.from('0123456789').subarray(1))).toBe(0x8cb841db40e6ae83n)
  expect(frameChecksum(new Uint8Array())).toBe(0xef46db3751d8e999n)
  expect(() => frameChecksum('123456789' as unknown as Uint8Array)).toThrow(TypeError)
})

it('checks its arguments', () => {
  const make = (options: object) => () => new TraceReader({ instance: '/x', fd: 1, ...options })
  expect(make({ instance: 3 })).toThrow(TypeError)
  expect(make({ instance: '' })).toThrow(RangeError)
  expect(make({ fd: '1' })).toThrow(TypeError)
  expect(make({ fd: -1 })).toThrow(RangeError)
  expect(make({ intervalMs: 0 })).toThrow(RangeError)
  expect(make({ poolBytes: 1.5 })).toThrow(RangeError)
})

/**
 * The first row that is out of order, or -1. The clock `counter` gives each stamp once, but an event that is
 * interrupted while its place is being reserved gets the stamp of the one that interrupted it
 * (__rb_reserve_next(), "SLOW PATH"): equal stamps are possible, on one CPU.
 */
function findDisorder({ rows: { ts, cpu } }: Trace): number {
  return ts.findIndex((stamp, row) => {
    const before = ts[row - 1] ?? -1n
    return row > 0 && (stamp < before || (stamp === before && cpu[row] !== cpu[row - 1]))
  })
}
