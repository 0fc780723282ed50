import { readdirSync, readFileSync } from 'node:fs'
import type { Splat } from '../../../harness/oracle/console/splat.js'
import { fixturesFolder } from '../fixtures.js'

const folder = fixturesFolder('consoles')

/** What is to be read in a console; see test/fixtures/consoles/README.md. */
export interface Golden {
  readonly kind: Splat['kind']
  readonly signature: string
  /** Of the first of them. */
  readonly second: number
  readonly count: number
  readonly isFinding: boolean
}

export const consoleNames = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.replace('.txt', ''))

export function readConsole(name: string): string {
  return readFileSync(`${folder}/${name}.txt`, 'utf8')
}

export function readGolden(name: string): Golden[] {
  const golden = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Omit<
    Golden,
    'count' | 'isFinding'
  >[]
  return golden.map((expected) => ({ count: 1, isFinding: true, ...expected }))
}

/** One entry for all splats of one signature, as the findings have it. */
export function mergeSplats(splats: readonly Splat[]): Omit<Golden, 'isFinding'>[] {
  const merged = new Map<string, Omit<Golden, 'isFinding'>>()
  for (const { kind, signature, second } of splats) {
    const known = merged.get(signature)
    merged.set(signature, {
      kind,
      signature,
      second: known?.second ?? second,
      count: (known?.count ?? 0) + 1,
    })
  }
  return [...merged.values()]
}
