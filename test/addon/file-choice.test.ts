import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ClientLoad, type FileChoice } from '../../addon/index.js'

const files = 8
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fct-file-choice-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** How often each file was appended to: by how much it has grown. */
async function countDraws(choice: FileChoice | undefined): Promise<number[]> {
  const large = 2 ** 30 // sparse, and never doubled
  for (let file = 0; file < files; file++) await writeFile(join(directory, `f${file}`), '')
  const handles = await Promise.all(
    Array.from({ length: files }, (_, file) => open(join(directory, `f${file}`), 'r+')),
  )
  for (const handle of handles) await handle.truncate(large)
  const options = { directory, threads: 1, files, seed: 42n, size: large, mix: { append: 1 }, choice }
  const load = new ClientLoad({ ...options, deadlineMs: 5000 })
  load.start()
  await expect.poll(() => load.stats().operations.append, { timeout: 60_000 }).toBeGreaterThan(8000)
  const done = (await load.stop()).operations.append
  const counts = []
  for (const handle of handles) counts.push(((await handle.stat()).size - large) / 512)
  for (const handle of handles) await handle.close()
  expect(counts.reduce((sum, count) => sum + count)).toBe(done)
  return counts
}

function chiSquare(counts: readonly number[], weights: readonly number[]): number {
  const [total, whole] = [counts, weights].map((all) => all.reduce((sum, value) => sum + value))
  return counts.reduce((sum, count, file) => {
    const expected = ((weights[file] ?? 0) / (whole ?? 1)) * (total ?? 0)
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

const zipf = (exponent: number): number[] =>
  Array.from({ length: files }, (_, file) => 1 / (file + 1) ** exponent)

// 7 degrees of freedom: a right one is above 40.5 once in a million times.
it.each([
  ['uniform', undefined, zipf(0)],
  ['uniform', 'uniform' as const, zipf(0)],
  ['Zipf of 0.7', { zipf: 0.7 }, zipf(0.7)],
  ['Zipf of 1', { zipf: 1 }, zipf(1)],
  ['Zipf of 2', { zipf: 2 }, zipf(2)],
])('is %s when it is %j', async (_, choice, weights) => {
  const counts = await countDraws(choice)
  expect(chiSquare(counts, weights)).toBeLessThan(40.5)
  for (const other of [0, 0.7, 1, 2].map(zipf))
    if (other.join() !== weights.join()) expect(chiSquare(counts, other)).toBeGreaterThan(40.5)
})

it('is all but one file when the exponent is large', async () => {
  const counts = await countDraws({ zipf: 10 })
  expect(counts[0]).toBeGreaterThan(7900)
})
