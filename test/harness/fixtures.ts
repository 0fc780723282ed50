import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../harness/folders.js'
import type { FlavourFeatures } from '../../harness/oracle/flavours/flavour.js'

/** A folder of test/fixtures. */
export function fixturesFolder(name: string): string {
  return join(packageRoot, 'test', 'fixtures', name)
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
