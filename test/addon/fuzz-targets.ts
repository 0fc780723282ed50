import { mkdir, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../../harness/folders.js'
import { addonSources, compileAll } from './compile.js'

const targets = join(import.meta.dirname, 'fuzz')
const corpora = join(packageRoot, 'test', 'fixtures', 'fuzz')

const secondsAnInput = 60
const megabytes = 2048

/** Sub-buffers of 64 KiB, and what stands around them. */
const largestInput = 80 * 1024

/** Names of the targets, each a file in fuzz/. */
export async function listTargets(): Promise<string[]> {
  const files = await readdir(targets)
  return files.filter((name) => name.endsWith('.cc')).map((name) => basename(name, '.cc'))
}

/** Compiles the decoder once and each target with it into `folder`, under the target's name. */
export async function compileTargets(folder: string): Promise<void> {
  const flags = ['-O1', '-fsanitize=fuzzer-no-link,address,undefined']
  const pure = (await readdir(addonSources)).filter((name) => /^trace_decode.*\.cc$/.test(name))
  const paths = pure.map((name) => join(addonSources, name))
  const names = await listTargets()
  paths.push(...names.map((name) => join(targets, `${name}.cc`)))
  const objects = await compileAll(
    'clang++',
    paths.map((path) => ({ path, flags })),
    folder,
  )
  const decoder = objects.slice(0, pure.length)
  for (const [index, object] of objects.slice(pure.length).entries()) {
    const program = join(folder, names[index]!)
    const link = ['-fsanitize=fuzzer,address,undefined', object, ...decoder, '-lzstd', '-lz', '-o', program]
    await execa('clang++', link)
  }
}

/**
 * Runs a compiled target on its corpus and on what libFuzzer makes of it. Resolves with the number of inputs tried;
 * rejects with libFuzzer's report if one of them broke something. That input is kept, outside of `folder`, and the report
 * names it. Inputs that reached something new are left in `folder`; the corpus stays as it is.
 */
export async function fuzz(folder: string, target: string, seconds: number): Promise<number> {
  const found = join(folder, `${target}.corpus`)
  await mkdir(found, { recursive: true })
  const { stderr } = await execa(
    join(folder, target),
    [
      `-max_total_time=${seconds}`,
      `-timeout=${secondsAnInput}`,
      `-rss_limit_mb=${megabytes}`,
      `-max_len=${largestInput}`,
      `-artifact_prefix=${join(tmpdir(), `fct-fuzz-${target}-`)}`,
      '-print_final_stats=1',
      found,
      join(corpora, target),
    ],
    { env: { ASAN_OPTIONS: 'allow_addr2line=1' } },
  )
  return Number(/number_of_executed_units:\s+(\d+)/.exec(stderr)?.[1])
}
