import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TraceMetadata } from '../../harness/agent/protocol.js'
import { packageRoot } from '../../harness/folders.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'

/** Pages of a Debian 6.1.192 guest, four a CPU, with the texts that describe them. */
export const rawPages = join(packageRoot, 'test', 'fixtures', 'raw-pages')

/** Files of whole sub-buffers, by CPU. */
export const rawSpools = ['cpu0.pages', 'cpu1.pages'].map((name) => join(rawPages, name))

function read(...names: string[]): string {
  return readFileSync(join(rawPages, ...names), 'utf8')
}

export async function readFixtureMetadata(): Promise<TraceMetadata> {
  const formatsOf = async (system: string): Promise<TraceMetadata['formats']> =>
    (await readdir(join(rawPages, 'events', system))).map((name) => ({
      system,
      name,
      text: read('events', system, name, 'format'),
    }))
  return {
    headerPage: read('header_page'),
    headerEvent: read('header_event'),
    clock: 'counter',
    formats: [...(await formatsOf('fctorture')), ...(await formatsOf('nfsd'))],
    cpus: rawSpools.length,
    pageSize: 4096,
  }
}

/** The pages as a trace.dat. */
export async function writeFixtureTrace(path: string): Promise<void> {
  await writeTraceDat(path, { metadata: await readFixtureMetadata(), cmdlines: '', spools: rawSpools })
}
