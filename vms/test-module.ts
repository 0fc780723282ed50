import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../harness/folders.js'
import { hashOf, hashOfFile, obtain, type BuildContext } from './cache.js'
import type { Kernel } from './kernels/kernel.js'
import { obtainToolchain, type Toolchain } from './toolchain.js'

const sources = join(packageRoot, 'kmod')

/** What fctorture.ko is built for. */
export interface ModuleRequest {
  readonly kernel: Kernel
  /** The tree of the nfsd that will run, for the layout of struct nfsd_file; without it the target must know it by BTF. */
  readonly nfsdSource: string | undefined
}

/** fctorture.ko for one kernel, built from kmod/ against its headers. */
export async function obtainTestModule(request: ModuleRequest, context: BuildContext): Promise<string> {
  const { kernel } = request
  const toolchain = await obtainToolchain(kernel.toolchain, context)
  const header = layoutHeader(request)
  const inputs = {
    recipe: 4,
    kernel: kernel.hash,
    sources: hashOfSources(),
    compiler: toolchain.version,
    layout: header && hashOfFile(header),
  }
  const folder = await obtain(
    {
      kind: 'module',
      inputs,
      title: `fctorture.ko for ${kernel.name}`,
      build: (into, signal) => buildTestModule(request, into, toolchain, signal),
    },
    context,
  )
  return join(folder, 'fctorture.ko')
}

function layoutHeader({ nfsdSource }: ModuleRequest): string | undefined {
  return nfsdSource && join(nfsdSource, 'fs', 'nfsd', 'filecache.h')
}

function isSource(name: string): boolean {
  return /\.[ch]$|^Makefile$|^Kbuild$/.test(name)
}

function hashOfSources(): string {
  const names = readdirSync(sources).filter(isSource).sort()
  return hashOf(names.map((name) => [name, readFileSync(join(sources, name), 'utf8')]))
}

async function buildTestModule(
  request: ModuleRequest,
  into: string,
  toolchain: Toolchain,
  signal: AbortSignal,
): Promise<void> {
  const copy = join(into, 'src')
  await mkdir(copy)
  for (const name of (await readdir(sources)).filter(isSource))
    await copyFile(join(sources, name), join(copy, name))
  const failure = {
    code: 'FCT_MODULE_BUILD',
    doing: `building fctorture.ko for ${request.kernel.name}`,
  } as const
  const place = { cwd: copy, writable: [into], readable: [request.kernel.headers] }
  // Debug information would make each guest unpack ten times as much, and a path of this machine a part of the build-id.
  const flags = `KCFLAGS=-g0 -fmacro-prefix-map=${copy}/=`
  await toolchain.run('make', [...moduleArguments(request), flags], failure, place, { signal })
  await copyFile(join(copy, 'fctorture.ko'), join(into, 'fctorture.ko'))
}

/** For `make` in a copy of kmod/. */
export function moduleArguments(request: ModuleRequest): string[] {
  const header = layoutHeader(request)
  const layout = header === undefined ? [] : [`FCT_FILECACHE_H=${header}`]
  const jobs = `-j${String(cpus().length)}`
  // Headers of Debian's name their compiler, those of a kernel built here do not. BTF would need the kernel's own vmlinux.
  const compiler = `CC=${request.kernel.toolchain.compiler}`
  return [`KDIR=${request.kernel.headers}`, compiler, 'CONFIG_DEBUG_INFO_BTF_MODULES=', ...layout, jobs]
}
