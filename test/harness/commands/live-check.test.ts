import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LiveCheck, type LiveFinding, type LiveOptions } from '../../../harness/commands/live-check.js'
import { LiveTrace } from '../../../harness/decode/live-trace.js'
import type { TraceSlice } from '../../../harness/decode/load-trace.js'
import { openTraceSource } from '../../../harness/decode/trace-source.js'
import { judgeSource } from '../../../harness/oracle/oracle.js'
import { wholeMetadata } from '../fixtures.js'
import { writeRecording } from './recordings.js'

const metadata = wholeMetadata()
let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-live-'))
  path = join(folder, 'trace.dat')
})

afterEach(() => rm(folder, { recursive: true }))

interface Page {
  readonly cpu: number
  readonly data: Buffer
}

/** The pages of a recording, the CPUs by turns. */
function pagesOf(recording: string): Page[] {
  const pages = [0, 1].flatMap((cpu) => {
    const all = readFileSync(`${recording}.cpu${cpu}`)
    return Array.from({ length: all.length / 4096 }, (_, page) => ({
      cpu,
      page,
      data: all.subarray(page * 4096, (page + 1) * 4096),
    }))
  })
  return pages.sort((a, b) => a.page - b.page)
}

interface Listening {
  readonly live: LiveCheck
  readonly found: LiveFinding[]
  /** Resolves with the first finding. */
  readonly first: Promise<LiveFinding>
}

function listen(options: Omit<LiveOptions, 'onFinding'> = {}): Listening {
  const found: LiveFinding[] = []
  let resolve: (finding: LiveFinding) => void = () => undefined
  const first = new Promise<LiveFinding>((settle) => (resolve = settle))
  const onFinding = (finding: LiveFinding): void => {
    found.push(finding)
    resolve(finding)
  }
  const live = new LiveCheck({ ...options, onFinding })
  live.start(metadata)
  return { live, found, first }
}

async function finalOf(recording: string): Promise<string[]> {
  const papers = { console: '', filecache: [], stressors: [] }
  const source = await openTraceSource(recording)
  const { findings } = await judgeSource(source, papers, { coverageOf: () => 'whole' })
  return findings.map(({ signature }) => signature)
}

it('tells a finding while pages still come, and the same as the judgement at the end', async () => {
  const pages = pagesOf(await writeRecording(path, { freedAt: 1 }))
  const final = await finalOf(path)
  expect(final).toEqual([expect.stringMatching(/^free-at-zero: /)])
  const { live, found, first } = listen({ until: ['free-at-zero'] })
  live.beginLoad()
  for (const { cpu, data } of pages) live.push(cpu, data)
  const { signature, says, second } = await first
  await live.enough
  expect(final).toEqual([signature])
  expect(says).toBe('freed while the count was 1')
  expect(second).toBeGreaterThanOrEqual(0)
  expect(await live.end()).toEqual({ seconds: new Map([[signature, second]]), gaveUp: null })
  expect(found.length).toBe(1)
})

it('has not had enough after another finding than the one that is waited for', async () => {
  const pages = pagesOf(await writeRecording(path, { freedAt: 1 }))
  for (const until of [undefined, false, ['use-at-zero']] as const) {
    const { live, first } = listen({ ...(until !== undefined && { until }) })
    const pending = Symbol()
    for (const { cpu, data } of pages) live.push(cpu, data)
    await first
    expect(await Promise.race([live.enough, Promise.resolve(pending)])).toBe(pending)
    await live.end()
  }
})

it('tells nothing of a sound run', async () => {
  const pages = pagesOf(await writeRecording(path))
  const { live } = listen()
  for (const { cpu, data } of pages) live.push(cpu, data)
  expect(await live.end()).toEqual({ seconds: new Map(), gaveUp: null })
  expect(await finalOf(path)).toEqual([])
})

it('hears the same rows as whoever reads the file', async () => {
  const pages = pagesOf(await writeRecording(path))
  const rowsOf = async (slices: AsyncIterable<TraceSlice>): Promise<string[]> => {
    const rows: string[] = []
    for await (const { first, rows: part } of slices)
      for (let row = 0; row < part.count; row++)
        rows.push(`${first! + row} ${part.ts[row]} ${part.cpu[row]} ${part.type[row]} ${part.pid[row]}`)
    return rows
  }
  const trace = new LiveTrace(metadata)
  const push = (some: readonly Page[]): void => {
    for (const { cpu, data } of some) trace.push(cpu, data)
  }
  // One page of each CPU, and the others when rows of these have come.
  async function* slices(): AsyncGenerator<TraceSlice> {
    push(pages.slice(0, 2))
    let count = 0
    for await (const slice of trace) {
      yield slice
      if (count++ > 0) continue
      push(pages.slice(2))
      trace.end()
    }
    expect(count).toBeGreaterThan(1)
  }
  const live = await rowsOf(slices())
  expect(live).toEqual(await rowsOf((await openTraceSource(path)).read()))
  expect(live.length).toBe(570)
  expect(trace.waiting).toBe(0)
})

it('gives up when more waits than it may, and takes no page any more', async () => {
  const pages = pagesOf(await writeRecording(path, { freedAt: 1 }))
  const { live, found } = listen({ mostWaiting: 2 * 4096 })
  // The other CPU is silent, so that nothing of this one is certain.
  const [page] = pages
  for (let times = 0; times < 4; times++) live.push(page!.cpu, page!.data)
  expect(await live.end()).toEqual({ seconds: new Map(), gaveUp: 'it was too far behind' })
  live.push(page!.cpu, page!.data)
  expect(found).toEqual([])
})

it('gives up at a page or a format that it cannot read, and says why', async () => {
  const pages = pagesOf(await writeRecording(path))
  const { live } = listen()
  for (const { cpu, data } of pages) live.push(cpu, Buffer.concat([data.subarray(0, 16), Buffer.alloc(4080)]))
  expect(await live.end()).toMatchObject({ gaveUp: expect.stringMatching(/./) as string })
  const other = new LiveCheck({ onFinding: () => undefined })
  other.start({ ...metadata, headerPage: 'no header' })
  other.push(0, pages[0]!.data)
  expect(await other.end()).toMatchObject({ gaveUp: expect.stringMatching(/header/) as string })
})
