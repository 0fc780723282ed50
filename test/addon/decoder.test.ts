import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addonSources, compileAll, type Source } from './compile.js'

const sanitizers = '-fsanitize=address,undefined'
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-decoder-test-'))
})

afterAll(() => rm(folder, { recursive: true }))

/**
 * The pure parts of the addon, and the tests; doctest's macros take the compiler long, so these are not
 * optimised.
 */
async function listSources(): Promise<Source[]> {
  const pure = (await readdir(addonSources)).filter((name) =>
    /^(trace_decode.*|frame_checksum|life_walk|operation_tally|trace_reader_cpu|unique_fd|errno_error)\.cc$/.test(
      name,
    ),
  )
  const tests = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.cc'))
  return [
    ...tests.map((name) => ({ path: join(import.meta.dirname, name), flags: ['-O0', sanitizers] })),
    ...pure.map((name) => ({ path: join(addonSources, name), flags: ['-O1', sanitizers] })),
  ]
}

/** It is the compiler that takes long, most of all beside other work. */
const timeout = 10 * 60_000

it('passes its C++ tests under the address and undefined-behaviour sanitizers', { timeout }, async () => {
  const program = join(folder, 'decoder-test')
  const objects = await compileAll('g++', await listSources(), folder)
  await execa('g++', [sanitizers, ...objects, '-lzstd', '-lz', '-o', program])
  const { stdout } = await execa(program, ['--no-colors=true'], { all: true })
  expect(stdout).toMatch(/test cases:\s+(\d+) \|\s+\1 passed \| 0 failed/)
})
