import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTrace, type Trace } from '../../../addon/index.js'
import { writeTraceDat } from '../../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata } from '../fixtures.js'

const pageSize = 4096
const missed = 1n << 31n
const missedStored = 1n << 30n

/** Marks events as lost before a page; their number is stored where the page ends, if it has room. */
function loseBefore(pages: Buffer, page: number, count?: number): void {
  const at = page * pageSize + 8
  const committed = pages.readBigUInt64LE(at)
  pages.writeBigUInt64LE(committed | missed | (count === undefined ? 0n : missedStored), at)
  if (count !== undefined) pages.writeBigUInt64LE(BigInt(count), at + 8 + Number(committed))
}

/**
 * test/fixtures/raw-pages with losses: on CPU 0 an unknown number before its third page, on CPU 1 seven before its first one
 * and five behind its last event.
 */
export async function lossyTrace(folder: string, clock = 'counter'): Promise<Trace> {
  const [first, second] = [0, 1].map((cpu) =>
    readFileSync(join(fixturesFolder('raw-pages'), `cpu${cpu}.pages`)),
  )
  const empty = Buffer.alloc(pageSize)
  loseBefore(first!, 2)
  loseBefore(second!, 0, 7)
  loseBefore(empty, 0, 5)
  const spools = [first!, Buffer.concat([second!, empty])].map((pages, cpu) => {
    const path = join(folder, `cpu${cpu}.pages`)
    writeFileSync(path, pages)
    return path
  })
  const path = join(folder, 'lossy.dat')
  await writeTraceDat(path, { metadata: { ...rawPagesMetadata(), clock }, cmdlines: '215 nfsd\n', spools })
  return readTrace(path)
}
