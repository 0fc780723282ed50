import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../harness/folders.js'
import { hashOf, obtain, type BuildObserver } from './cache.js'
import type { Kernel } from './kernels/kernels.js'
import { runProgram } from './program.js'

const sources = join(packageRoot, 'kmod')

/** fctorture.ko for one kernel, built from kmod/ against its headers. */
export async function obtainTestModule(kernel: Kernel, observe: BuildObserver): Promise<string> {
  const folder = await obtain(
    {
      kind: 'module',
      inputs: { recipe: 1, kernel: kernel.hash, sources: hashOfSources(), compiler: await compilerVersion() },
      title: `fctorture.ko for ${kernel.name}`,
      build: (into) => buildTestModule(kernel, into),
    },
    observe,
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

async function buildTestModule(kernel: Kernel, into: string): Promise<void> {
  const copy = join(into, 'src')
  await mkdir(copy)
  for (const name of (await readdir(sources)).filter(isSource)) await copyFile(join(sources, name), join(copy, name))
  await runProgram('make', ['-C', copy, `KDIR=${kernel.headers}`, 'W=1', '-j2'], {
    code: 'FCT_MODULE_BUILD',
    doing: `building fctorture.ko for ${kernel.name}`,
  })
  await copyFile(join(copy, 'fctorture.ko'), join(into, 'fctorture.ko'))
}
