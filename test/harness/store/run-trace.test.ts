import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readTrace, type Trace } from '../../../addon/index.js'
import { packageRoot } from '../../../harness/folders.js'
import { openTrace, readRunTrace } from '../../../harness/store/run-trace.js'
import { writeTraceDat } from '../../../harness/store/trace-dat.js'
import { TraceSpool } from '../../../harness/store/trace-spool.js'
import { fixturesFolder, rawPagesMetadata } from '../fixtures.js'
import { frame } from './frame.js'

const metadata = rawPagesMetadata()
const pageSize = 4096
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-run-trace-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** The first pages of a CPU of test/fixtures/raw-pages. */
function pagesOf(cpu: number, count: number): Buffer {
  return readFileSync(join(fixturesFolder('raw-pages'), `cpu${cpu}.pages`)).subarray(0, count * pageSize)
}

/** As the target sends them: [pages of CPU 0, pages of CPU 1]. */
function framesOf(counts: readonly number[]): Buffer {
  const frames = counts.flatMap((count, cpu) =>
    Array.from({ length: count }, (_, page) =>
      frame(1, cpu, page, pagesOf(cpu, count).subarray(page * pageSize, (page + 1) * pageSize)),
    ),
  )
  return Buffer.concat(frames)
}

/** The trace of these pages alone, from a whole file. */
async function expected(counts: readonly number[]): Promise<Trace> {
  const spools = counts.map((count, cpu) => {
    const path = join(folder, `expected-${cpu}`)
    writeFileSync(path, pagesOf(cpu, count))
    return path
  })
  await writeTraceDat(join(folder, 'expected.dat'), { metadata, cmdlines: '', spools })
  return readTrace(join(folder, 'expected.dat'))
}

const script = `
  const { TraceSpool } = await import(${JSON.stringify(join(packageRoot, 'dist/harness/store/trace-spool.js'))})
  const [folder, metadata] = process.argv.slice(1)
  await new TraceSpool(folder, JSON.parse(metadata)).receive(process.stdin)
`

const sizeOf = (name: string): number =>
  existsSync(join(folder, name)) ? statSync(join(folder, name)).size : 0

it('is there up to the last page after the harness was killed, and while it ran', async () => {
  const args = ['--input-type=module', '-e', script, folder, JSON.stringify(metadata)]
  const child = execa(process.execPath, args, { reject: false, stdin: 'pipe', buffer: false })
  child.stdin.write(framesOf([3, 2]))
  // Of the next page only a part comes.
  child.stdin.write(frame(1, 1, 2, pagesOf(1, 3).subarray(2 * pageSize)).subarray(0, 1000))
  // A busy host takes longer to start a process than vitest waits of itself.
  const kept = (): number => sizeOf('cpu0.pages') + sizeOf('cpu1.pages')
  await expect.poll(kept, { timeout: 30_000 }).toBe(5 * pageSize)
  const running = await readRunTrace(folder)
  child.kill('SIGKILL')
  expect((await child).signal).toBe('SIGKILL')
  const trace = await openTrace(folder)
  expect(trace).toEqual(await expected([3, 2]))
  expect(running).toEqual(trace)
  expect(trace.rows.count).toBeGreaterThan(300)
})

it('leaves out a page that was half written', async () => {
  const spool = new TraceSpool(folder, metadata)
  await spool.receive(Readable.from([framesOf([1, 1])]))
  appendFileSync(join(folder, 'cpu1.pages'), pagesOf(1, 2).subarray(pageSize, pageSize + 100))
  expect(await readRunTrace(folder)).toEqual(await expected([1, 1]))
})

it('is one file at a regular end, with the comms, and reads the same', async () => {
  const spool = new TraceSpool(folder, metadata)
  const end = frame(3, 0, 0, Buffer.alloc(0))
  const received = await spool.receive(Readable.from([framesOf([4, 4]), end]))
  expect(received).toMatchObject({ complete: true, damage: '' })
  const parts = await readRunTrace(folder)
  await spool.assemble('215 nfsd\n')
  expect(await readdir(folder)).toEqual(['trace.dat'])
  expect(await openTrace(folder)).toEqual({ ...parts, comms: { 215: 'nfsd' } })
})

it('shows each page when it comes, to whoever wants to see it', async () => {
  const seen: string[] = []
  const spool = new TraceSpool(folder, metadata, (cpu, page) => {
    seen.push(`${cpu} ${Buffer.compare(page, pagesOf(cpu, 2).subarray(cpu === 0 ? 0 : pageSize))}`)
  })
  const second = frame(1, 1, 0, pagesOf(1, 2).subarray(pageSize))
  await spool.receive(Readable.from([frame(1, 0, 0, pagesOf(0, 2)), second]))
  expect(seen).toEqual(['0 0', '1 0'])
})

it("has the ring buffers' own counters in the one file, unless the stream broke off before the last", async () => {
  const counters = 'entries: 0\noverrun: 3\ncommit overrun: 0\ndropped events: 1\nread events: 144\n'
  const stats = frame(2, 0, 1, Buffer.from(counters))
  const end = frame(3, 0, 0, Buffer.alloc(0))
  const ringStatsOf = async (name: string, stream: readonly Buffer[]): Promise<Trace['ringStats']> => {
    const run = await mkdtemp(join(folder, name))
    const spool = new TraceSpool(run, metadata)
    await spool.receive(Readable.from(stream))
    return (await readTrace(await spool.assemble(''))).ringStats
  }
  expect(await ringStatsOf('ended-', [framesOf([1]), stats, end])).toEqual([
    { entries: 0, overrun: 3, commitOverrun: 0, dropped: 1, read: 144 },
    null,
  ])
  expect(await ringStatsOf('broken-', [framesOf([1]), stats])).toEqual([null, null])
})

it('is there when no page has come, and holds nothing', async () => {
  await new TraceSpool(folder, metadata).receive(Readable.from([]))
  expect(await readRunTrace(folder)).toMatchObject({ cpus: 2, clock: 'counter', rows: { count: 0 } })
})

it('is read from its parts when the harness was killed while it put them together', async () => {
  await new TraceSpool(folder, metadata).receive(Readable.from([framesOf([2, 2])]))
  writeFileSync(join(folder, 'trace.dat.part'), 'the begin of it')
  expect((await readRunTrace(folder)).rows.count).toBe((await expected([2, 2])).rows.count)
})

it('is missed with a code where there is none, or none that can be read', async () => {
  await expect(readRunTrace(folder)).rejects.toMatchObject({ code: 'FCT_TRACE_NOT_FOUND' })
  writeFileSync(join(folder, 'trace-head.json'), JSON.stringify({ ...metadata, cpus: 0 }))
  await expect(readRunTrace(folder)).rejects.toMatchObject({ code: 'FCT_TRACE_HEAD_INVALID' })
  writeFileSync(join(folder, 'trace-head.json'), '{')
  await expect(readRunTrace(folder)).rejects.toMatchObject({ code: 'FCT_TRACE_HEAD_INVALID' })
  await expect(openTrace(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
})
