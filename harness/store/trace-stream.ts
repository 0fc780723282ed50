import { frameChecksum } from '../../addon/index.js'
import { FctError } from '../fct-error.js'

/** One frame of the raw trace stream that the target sends; addon/src/trace_reader writes them. */
export type Frame =
  | { readonly kind: 'page'; readonly cpu: number; readonly data: Buffer }
  | { readonly kind: 'stats'; readonly cpu: number; readonly text: string }
  | { readonly kind: 'end' }

const headerLength = 32
const magic = 0x32544346
const kinds = { page: 1, stats: 2, end: 3 } as const
/** A sub-buffer is at most 64 KiB times a page; more than that is a broken stream, not a frame. */
const longest = 1 << 26

/**
 * Cuts the byte stream into frames; bytes may come in any portions.
 *
 * @throws FctError FCT_STREAM_BROKEN when magic, length, checksum or sequence is wrong: what follows cannot be trusted
 */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  #offset = 0
  readonly #sequences = new Map<number, bigint>()

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    return frames
  }

  /** Bytes of a frame whose rest has not come. */
  get pending(): number {
    return this.#rest.length
  }

  #next(): Frame | undefined {
    if (this.#rest.length < headerLength) return undefined
    const header = this.#rest.subarray(0, headerLength)
    if (header.readUInt32LE(0) !== magic) this.#break('no frame begins here')
    const length = header.readUInt32LE(16)
    if (length > longest) this.#break(`a frame of ${String(length)} bytes`)
    if (this.#rest.length < headerLength + length) return undefined
    const data = this.#rest.subarray(headerLength, headerLength + length)
    if (frameChecksum(data) !== header.readBigUInt64LE(24)) this.#break('a wrong checksum')
    const frame = this.#interpret(header, data)
    this.#rest = this.#rest.subarray(headerLength + length)
    this.#offset += headerLength + length
    return frame
  }

  #interpret(header: Buffer, data: Buffer): Frame {
    const kind = header.readUInt16LE(4)
    const cpu = header.readUInt16LE(6)
    if (kind === kinds.end) return { kind: 'end' }
    const expected = this.#sequences.get(cpu) ?? 0n
    if (header.readBigUInt64LE(8) !== expected) this.#break(`a frame of CPU ${String(cpu)} is missing`)
    this.#sequences.set(cpu, expected + 1n)
    if (kind === kinds.page) return { kind: 'page', cpu, data }
    if (kind === kinds.stats) return { kind: 'stats', cpu, text: data.toString() }
    return this.#break(`a frame of unknown kind ${String(kind)}`)
  }

  #break(what: string): never {
    throw new FctError(
      'FCT_STREAM_BROKEN',
      `the raw trace stream is damaged at byte ${String(this.#offset)}: ${what}`,
    )
  }
}

/** Counters of one CPU's ring buffer at the end of a run, from per_cpu/cpuN/stats. */
export interface CpuStats {
  readonly entries: number
  readonly overrun: number
  readonly commitOverrun: number
  readonly dropped: number
  readonly read: number
}

export function parseCpuStats(text: string): CpuStats {
  const number = (label: string): number =>
    Number(new RegExp(`^${label}: (\\d+)`, 'm').exec(text)?.[1] ?? NaN)
  return {
    entries: number('entries'),
    overrun: number('overrun'),
    commitOverrun: number('commit overrun'),
    dropped: number('dropped events'),
    read: number('read events'),
  }
}
