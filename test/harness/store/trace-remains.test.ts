import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { openTrace } from '../../../harness/store/run-trace.js'
import type { RemainingPage } from '../../../harness/store/trace-remains.js'
import { TraceSpool } from '../../../harness/store/trace-spool.js'
import { fixturesFolder, rawPagesMetadata } from '../fixtures.js'
import { frame } from './frame.js'

const metadata = rawPagesMetadata()
const pageSize = 4096
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-remains-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** The sub-buffer of that number of a CPU of test/fixtures/raw-pages. */
function pageOf(cpu: number, number: number): Buffer {
  const pages = readFileSync(join(fixturesFolder('raw-pages'), `cpu${cpu}.pages`))
  return pages.subarray(number * pageSize, (number + 1) * pageSize)
}

/** The same as it stands in the kernel's memory. */
function remaining(cpu: number, number: number, missed = 0): RemainingPage {
  const page = pageOf(cpu, number)
  const length = page.readUInt32LE(8) & 0x07ffffff
  return { stamp: page.readBigUInt64LE(0), events: page.subarray(16, 16 + length), missed }
}

/** A target that has sent the first pages of each CPU. */
async function received(counts: readonly number[]): Promise<TraceSpool> {
  const run = await mkdtemp(join(folder, 'run-'))
  const spool = new TraceSpool(run, metadata)
  const frames = counts.flatMap((count, cpu) =>
    Array.from({ length: count }, (_, number) => frame(1, cpu, number, pageOf(cpu, number))),
  )
  await spool.receive(Readable.from(frames))
  return spool
}

async function traceOf(spool: TraceSpool): Promise<Trace> {
  return openTrace(await spool.assemble(''))
}

/** Events of a CPU in its first pages. */
async function eventsIn(cpu: number, pages: number): Promise<number> {
  const { perCpu } = await traceOf(await received(cpu === 0 ? [pages] : [0, pages]))
  return perCpu[cpu]?.events ?? 0
}

it('goes on where the target stopped: nothing is missing if all that was read has come', async () => {
  const [read0, read1] = [await eventsIn(0, 2), await eventsIn(1, 1)]
  const spool = await received([2, 1])
  const remains = [
    { cpu: 0, read: read0, pages: [remaining(0, 2), remaining(0, 3)] },
    { cpu: 1, read: read1, pages: [] },
  ]
  expect(await spool.append(remains)).toEqual([
    { cpu: 0, shipped: read0, missed: 0, pages: 2 },
    { cpu: 1, shipped: read1, missed: 0, pages: 0 },
  ])
  expect(await traceOf(spool)).toEqual(await traceOf(await received([4, 1])))
})

it('tells of the events that were on their way, and of those that were overwritten', async () => {
  const read = await eventsIn(0, 2)
  const shipped = await eventsIn(0, 1)
  const spool = await received([1, 1])
  const remains = [{ cpu: 0, read, pages: [remaining(0, 2), remaining(0, 3, 9)] }]
  const missed = read - shipped
  expect(await spool.append(remains)).toEqual([{ cpu: 0, shipped, missed, pages: 2 }])
  const trace = await traceOf(spool)
  // A number stands in a page that has room for it.
  const room = (number: number): boolean => remaining(0, number).events.length <= pageSize - 24
  expect(trace.gaps.map(({ cpu, missed }) => [cpu, missed])).toEqual([
    [0, room(2) ? missed : null],
    [0, room(3) ? 9 : null],
  ])
  const stampsOf = ({ rows: { cpu, ts } }: Trace): bigint[] => [...ts].filter((_, row) => cpu[row] === 0)
  const all = stampsOf(await traceOf(await received([4, 1])))
  expect(stampsOf(trace)).toEqual([...all.slice(0, shipped), ...all.slice(read)])
  expect(trace.gaps[0]).toMatchObject({ after: all[shipped - 1], before: all[read] })
})

it('adds nothing to a target that has sent what its ring buffers still have', async () => {
  const spool = await received([2, 1])
  await expect(spool.append([{ cpu: 0, read: 1, pages: [remaining(0, 2)] }])).rejects.toThrow(
    /CPU 0 sent \d+ events, and its ring buffer knows of 1/,
  )
  expect((await traceOf(spool)).perCpu).toEqual((await traceOf(await received([2, 1]))).perCpu)
})
