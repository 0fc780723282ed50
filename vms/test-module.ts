import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../harness/folders.js'
import { hashOf, obtain, type BuildContext } from './cache.js'
import type { Kernel } from './kernels/kernels.js'
import { runProgram } from './program.js'

const sources = join(packageRoot, 'kmod')

/** fctorture.ko for one kernel, built from kmod/ against its headers. */
export async function obtainTestModule(kernel: Kernel, context: BuildContext): Promise<string> {
  const folder = await obtain(
    {
      kind: 'module',
      inputs: { recipe: 2, kernel: kernel.hash, sources: hashOfSources(), compiler: await compilerVersion() },
      title: `fctorture.ko for ${kernel.name}`,
      build: (into, signal) => buildTestModule(kernel, into, signal),
    },
    context,
  )
  return join(folder, 'fctorture.ko')
}

function isSource(name: string): boolean {
  return /\.[ch]$|^Makefile$|^Kbuild$/.test(name)
}

function hashOfSources(): string {
  const names = readdirSync(sources).filter(isSource).sort()
  return hashOf(names.map((name) => [name, readFileSync(join(sources, name), 'utf8')]))
}

async function compilerVersion(): Promise<string> {
  const { stdout } = await execa('gcc-12', ['--version'])
  return stdout.split('\n')[0] ?? ''
}

async function buildTestModule(kernel: Kernel, into: string, signal: AbortSignal): Promise<void> {
  const copy = join(into, 'src')
  await mkdir(copy)
  for (const name of (await readdir(sources)).filter(isSource))
    await copyFile(join(sources, name), join(copy, name))
  const failure = { code: 'FCT_MODULE_BUILD', doing: `building fctorture.ko for ${kernel.name}` } as const
  await runProgram('make', ['-C', copy, `KDIR=${kernel.headers}`, 'W=1', '-j2'], failure, { signal })
  // Without its debug information it is a tenth of the size, and so is what each guest unpacks.
  await runProgram(
    'strip',
    ['--strip-debug', '-o', join(into, 'fctorture.ko'), join(copy, 'fctorture.ko')],
    failure,
    { signal },
  )
}
