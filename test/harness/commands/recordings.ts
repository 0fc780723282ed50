import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeTraceDat } from '../../../harness/store/trace-dat.js'
import { fixturesFolder, wholeMetadata } from '../fixtures.js'

/** A record in the ring buffer, by its event's number and the places of its fields (test/fixtures/raw-pages/events). */
interface RecordShape {
  readonly id: number
  readonly ref: number
  /** The module's events are of one type: which number, and where it stands. */
  readonly operation?: { readonly at: number; readonly is: number }
}

/** nfsd_file_free, as the module and as nfsd itself tell it. */
const frees: readonly RecordShape[] = [
  { id: 1966, ref: 36, operation: { at: 48, is: 15 } },
  { id: 1679, ref: 16 },
]

export interface RecordingOptions {
  /** Whether the module's events are described; nfsd's own are. */
  readonly module?: boolean
  readonly clock?: string
  /** The count that the first nfsd_file_free of CPU 0 is given in its place. */
  readonly freedAt?: number
  /** Events that the ring buffer's counters say were lost; null: the file has no counters. */
  readonly lost?: number | null
}

/** test/fixtures/raw-pages, 570 events of a sound run on Debian 6.1.192, as a trace.dat. */
export async function writeRecording(
  path: string,
  { module = true, clock = 'counter', freedAt, lost = 0 }: RecordingOptions = {},
): Promise<string> {
  const spools = [0, 1].map((cpu) => {
    const pages = readFileSync(join(fixturesFolder('raw-pages'), `cpu${cpu}.pages`))
    if (cpu === 0 && freedAt !== undefined) for (const shape of frees) spoil(pages, shape, freedAt)
    writeFileSync(`${path}.cpu${cpu}`, pages)
    return `${path}.cpu${cpu}`
  })
  const statsOf = (read: number, overrun: number): string =>
    `entries: 0\noverrun: ${overrun}\ncommit overrun: 0\ndropped events: 0\nread events: ${read}\n`
  const stats = new Map(lost === null ? [] : [286, 284].map((read, cpu) => [cpu, statsOf(read, cpu * lost)]))
  await writeTraceDat(path, {
    metadata: { ...wholeMetadata(module), clock },
    cmdlines: '215 nfsd\n216 nfsd\n',
    spools,
    stats,
  })
  return path
}

/** Overwrites the count of the first record of that shape. */
function spoil(pages: Buffer, { id, ref, operation }: RecordShape, count: number): void {
  const at = Array.from({ length: pages.length / 4 - 13 }, (_, word) => word * 4).find((byte) => {
    const isOfType = pages.readUInt16LE(byte) === id && pages.readInt32LE(byte + ref) === 0
    // A pid, and an address of the kernel behind it.
    const isRecord = pages.readInt32LE(byte + 4) < 1 << 16 && pages.readUInt32LE(byte + 12) > 0xff000000
    return isOfType && isRecord && (!operation || pages.readUInt16LE(byte + operation.at) === operation.is)
  })
  if (at === undefined) throw new Error(`no record of type ${id}`)
  pages.writeInt32LE(count, at + ref)
}
