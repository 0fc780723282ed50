import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'

const sources = join(packageRoot, 'addon', 'src')
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-decoder-test-'))
})

afterAll(() => rm(folder, { recursive: true }))

/**
 * The pure parts of the addon, and the tests; doctest's macros take the compiler long, so these are not
 * optimised.
 */
async function listSources(): Promise<{ path: string; level: string }[]> {
  const pure = (await readdir(sources)).filter((name) => /^(trace_decode.*|crc32)\.cc$/.test(name))
  const tests = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.cc'))
  return [
    ...tests.map((name) => ({ path: join(import.meta.dirname, name), level: '-O0' })),
    ...pure.map((name) => ({ path: join(sources, name), level: '-O1' })),
  ]
}

async function compile(path: string, level: string): Promise<string> {
  const object = join(folder, `${basename(path)}.o`)
  const warnings = ['-Wall', '-Wextra', '-Werror']
  await execa('g++', [
    '-std=c++17',
    level,
    '-g1',
    ...warnings,
    ...sanitizers,
    `-I${sources}`,
    '-c',
    path,
    '-o',
    object,
  ])
  return object
}

async function compileAll(): Promise<string[]> {
  const waiting = await listSources()
  const objects: string[] = []
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      objects.push(await compile(next.path, next.level))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return objects
}

/** It is the compiler that takes long, most of all beside other work. */
const timeout = 10 * 60_000

it('passes its C++ tests under the address and undefined-behaviour sanitizers', { timeout }, async () => {
  const program = join(folder, 'decoder-test')
  await execa('g++', [...sanitizers, ...(await compileAll()), '-lzstd', '-lz', '-o', program])
  const { stdout } = await execa(program, ['--no-colors=true'], { all: true })
  expect(stdout).toMatch(/test cases:\s+(\d+) \|\s+\1 passed \| 0 failed/)
})
