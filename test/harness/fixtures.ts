import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TraceMetadata } from '../../harness/agent/protocol.js'
import { packageRoot } from '../../harness/folders.js'
import type { FlavourFeatures } from '../../harness/oracle/flavours/flavour.js'

/** A folder of test/fixtures. */
export function fixturesFolder(name: string): string {
  return join(packageRoot, 'test', 'fixtures', name)
}

/** What belongs to the pages of test/fixtures/raw-pages, with the formats of these systems. */
export function rawPagesMetadata(systems = ['fctorture', 'nfsd']): TraceMetadata {
  const raw = fixturesFolder('raw-pages')
  const read = (...names: string[]): string => readFileSync(join(raw, ...names), 'utf8')
  const formats = systems.flatMap((system) =>
    readdirSync(join(raw, 'events', system)).map((name) => ({
      system,
      name,
      text: read('events', system, name, 'format'),
    })),
  )
  const [headerPage, headerEvent] = [read('header_page'), read('header_event')]
  return { headerPage, headerEvent, clock: 'counter', formats, cpus: 2, pageSize: 4096 }
}

/**
 * What belongs to the pages of test/fixtures/raw-pages, with the formats of all nfsd_file_* events of the kernel that they are of, by
 * which its flavour is told.
 *
 * @param module Whether fct_file is described; without it, it is an unknown event among nfsd's own.
 */
export function wholeMetadata(module = true): TraceMetadata {
  const metadata = rawPagesMetadata(module ? ['fctorture'] : [])
  const others = module ? readFormats('fctorture', 'debian-6.1.192-fctorture') : []
  const nfsd = readFormats('nfsd', 'debian-6.1.192-nfsd-file')
  return { ...metadata, formats: [...metadata.formats, ...others, ...nfsd] }
}

/** Format files that stand one behind the other in one. */
function readFormats(system: string, file: string): TraceMetadata['formats'] {
  const text = readFileSync(`${fixturesFolder('formats')}/${file}.txt`, 'utf8')
  return text.split(/^(?=name: )/m).flatMap((format) => {
    const [, name] = /^name: (\w+)$/m.exec(format) ?? []
    return name === undefined ? [] : [{ system, name, text: format }]
  })
}

/** Features of a kernel, read from the texts of its format files. */
export function readFeatures(name: string): FlavourFeatures {
  const text = readFileSync(`${fixturesFolder('formats')}/${name}.txt`, 'utf8')
  const events = new Set([...text.matchAll(/^name: (\w+)$/gm)].map(([, event = '']) => event))
  const [, table = ''] = /__print_flags\(REC->nf_flags, "\|", (.*?\})\)/.exec(text) ?? []
  const flags = new Map(
    [...table.matchAll(/1 << \((\d+)\), "(\w+)"/g)].map(([, bit, flag = '']) => [flag, 1 << Number(bit)]),
  )
  return { events, flags }
}
