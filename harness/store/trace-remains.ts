import { createReadStream } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { TraceStream } from '../../addon/index.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { pagesPath } from './run-trace.js'

/** What a CPU's ring buffer still held, read out of the memory of a machine that did not talk any more. */
export interface CpuRemains {
  readonly cpu: number
  /** Events that had been read from the ring buffer before: those that have not come were lost on the way. */
  readonly read: number
  /** Oldest first. */
  readonly pages: readonly RemainingPage[]
}

export interface RemainingPage {
  /** Time from which the first event's is counted. */
  readonly stamp: bigint
  /** As the kernel wrote them. */
  readonly events: Buffer
  /** Events that were overwritten before it. */
  readonly missed: number
}

/** What became of them. */
export interface Recovery {
  readonly cpu: number
  /** Events that the target had sent itself. */
  readonly shipped: number
  /** Events between those and the remains, which nobody has. */
  readonly missed: number
  /** Sub-buffers behind them. */
  readonly pages: number
}

/**
 * Adds remains to what a target has sent, as if it had sent them: where events are missing before a sub-buffer, that says so.
 *
 * @throws Error if a target has sent more than its ring buffers had given away
 */
export async function appendRemains(
  folder: string,
  metadata: TraceMetadata,
  remains: readonly CpuRemains[],
): Promise<Recovery[]> {
  const shipped = await countEvents(folder, metadata)
  const recovered: Recovery[] = []
  for (const { cpu, read, pages } of remains) {
    const came = shipped[cpu] ?? 0
    if (came > read)
      throw new Error(
        `CPU ${String(cpu)} sent ${String(came)} events, and its ring buffer knows of ${String(read)}`,
      )
    const missed = read - came + (pages[0]?.missed ?? 0)
    const whole = pages.map((page, index) => subBufferOf(index === 0 ? { ...page, missed } : page, metadata))
    if (pages.length > 0) await appendFile(pagesPath(folder, cpu), Buffer.concat(whole))
    recovered.push({ cpu, shipped: came, missed, pages: pages.length })
  }
  return recovered
}

/** By CPU, in the sub-buffers that have come. */
async function countEvents(folder: string, metadata: TraceMetadata): Promise<number[]> {
  const stream = new TraceStream(metadata, { columns: {} })
  for (let cpu = 0; cpu < metadata.cpus; cpu++)
    for await (const page of pagesIn(pagesPath(folder, cpu), metadata.pageSize)) stream.push(cpu, page)
  stream.end()
  const batches = stream[Symbol.asyncIterator]()
  while ((await batches.next()).done !== true);
  return stream.summarize().map(({ events }) => events)
}

async function* pagesIn(path: string, pageSize: number): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: pageSize })) yield chunk as Buffer
  } catch (error) {
    // A CPU that sent nothing.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** kernel/trace/ring_buffer.c: struct buffer_data_page of a 64-bit kernel, and what its `commit` says beside a length. */
const at = { stamp: 0, commit: 8, events: 16 }
const missedEvents = 0x80000000
const missedStored = 0x40000000
const countBytes = 8

/** As ring_buffer_read_page() makes it: how many are missing stands behind the events, if there is room for it. */
function subBufferOf({ stamp, events, missed }: RemainingPage, { pageSize }: TraceMetadata): Buffer {
  const page = Buffer.alloc(pageSize)
  const end = at.events + events.copy(page, at.events)
  const isStored = missed > 0 && end + countBytes <= pageSize
  if (isStored) page.writeBigUInt64LE(BigInt(missed), end)
  const flags = (missed > 0 ? missedEvents : 0) + (isStored ? missedStored : 0)
  page.writeBigUInt64LE(stamp, at.stamp)
  page.writeBigUInt64LE(BigInt(events.length + flags), at.commit)
  return page
}
