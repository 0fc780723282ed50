import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { findMirrors, sourcesFor, type Suites } from './apt-root.js'
import type { BuildContext } from './cache.js'
import { runProgram } from './program.js'

/** Packages of a suite, installed into a folder that does not exist yet. `suites` begins with the base suite. */
export interface Bootstrap {
  readonly suites: Suites
  readonly packages: readonly string[]
  readonly tree: string
  /** What is being made: "the root file system". */
  readonly title: string
}

/** @throws FctError FCT_BOOTSTRAP_FAILED with what mmdebstrap said last */
export async function bootstrap(
  { suites, packages, tree, title }: Bootstrap,
  { signal, mirrors }: Pick<BuildContext, 'signal' | 'mirrors'>,
): Promise<void> {
  const sources = join(dirname(tree), 'sources.list')
  await writeFile(sources, sourcesFor(suites, mirrors ?? (await findMirrors())))
  const mode = process.getuid?.() === 0 ? 'root' : 'unshare'
  const shape = ['--quiet', `--mode=${mode}`, '--variant=apt', '--format=directory']
  // ldconfig, perl and the like run many times; a tree that breaks off half-way is made again anyway.
  const fast = ['--dpkgopt=force-unsafe-io', '--aptopt=Acquire::Languages "none"']
  const failure = { code: 'FCT_BOOTSTRAP_FAILED', doing: `making ${title}` } as const
  // SIGINT, because mmdebstrap then unmounts what it has mounted before it ends.
  // TMPDIR: what it leaves even so goes with the entry's folder.
  const env = { TMPDIR: dirname(tree) }
  const options = { signal, killSignal: 'SIGINT', forceKillAfterDelay: 10_000, env } as const
  const include = `--include=${packages.join(',')}`
  const prefix = mode === 'root' && (await canKeepMountsApart()) ? ['unshare', '--mount', '--'] : []
  const [program = '', ...args] = [...prefix, 'mmdebstrap', ...shape, include, ...fast]
  await runProgram(program, [...args, suites.suites[0] ?? '', tree, sources], failure, options)
  await rm(sources)
}

/**
 * As root mmdebstrap mounts /dev/shm and the like into the tree. In a name space of its own they end with it, whatever ends it;
 * in the host's they would stay after a SIGKILL, and the tree could not be removed. Not every container allows that.
 */
async function canKeepMountsApart(): Promise<boolean> {
  const { exitCode } = await execa('unshare', ['--mount', 'true'], { reject: false })
  return exitCode === 0
}
