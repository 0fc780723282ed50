import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../../harness/folders.js'

export const addonSources = join(packageRoot, 'addon', 'src')

/** A C++ file of the addon's pure parts, or of a test of them. */
export interface Source {
  readonly path: string
  readonly flags: readonly string[]
}

async function compile(
  compiler: 'g++' | 'clang++',
  { path, flags }: Source,
  folder: string,
): Promise<string> {
  const object = join(folder, `${basename(path)}.o`)
  const always = ['-std=c++17', '-g1', '-Wall', '-Wextra', '-Werror', '-fno-sanitize-recover=all']
  await execa(compiler, [...always, ...flags, `-I${addonSources}`, '-c', path, '-o', object])
  return object
}

/** Compiles into `folder`, as many at a time as there are processors. Resolves with the objects' paths, in order. */
export async function compileAll(
  compiler: 'g++' | 'clang++',
  sources: readonly Source[],
  folder: string,
): Promise<string[]> {
  const objects: string[] = []
  const waiting = [...sources.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      objects[next[0]] = await compile(compiler, next[1], folder)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return objects
}
