import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { execa } from 'execa'
import type { Method } from '../../harness/agent/protocol.js'
import { packageRoot } from '../../harness/folders.js'
import { createQemuTarget } from '../../harness/target/qemu-target.js'
import { guarded } from '../../harness/target/watch.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import type { MachineSpec } from '../../vms/qemu.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import { quietContext } from '../stock-kernel.js'

/** A guest with nfsd and its clients, in which test/guest/inside/agent.ts does what tests of the module ask. */
export interface ModuleGuest {
  call<T>(method: string, params: object): Promise<T>
  /** All that the kernel has said so far. */
  console(): string
  stop(): Promise<void>
}

/** What `selftest` of inside/agent.ts answers. */
export interface Selftest {
  readonly stdout: string
  readonly exitCode: number
}

/** What a kernel says that has found something wrong with itself. */
export const splat = /BUG:|WARNING:|Oops|refcount_t|KASAN|inconsistent lock|deadlock|Call Trace/

export interface ModuleGuestOptions extends Pick<MachineSpec, 'tcgThread' | 'icountShift'> {
  /** Further files for the guest's /fct, by name. */
  readonly files?: Readonly<Record<string, string>>
}

export async function startModuleGuest(
  request: KernelRequest,
  options: ModuleGuestOptions = {},
): Promise<ModuleGuest> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-module-'))
  try {
    return await boot(request, folder, options)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const inside = join(packageRoot, 'test', 'guest', 'inside')

/** Makes one file of an agent of test/guest/inside, for the `agent.cjs` of a guest. */
export async function bundleAgent(name: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(inside, name)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': 'agentUrl' },
    banner: { js: 'const agentUrl = require("node:url").pathToFileURL(__filename).href' },
    logLevel: 'error',
  })
}

async function boot(
  request: KernelRequest,
  folder: string,
  { files = {}, ...machine }: ModuleGuestOptions,
): Promise<ModuleGuest> {
  const agent = join(folder, 'agent.cjs')
  await bundleAgent('agent.ts', agent)
  const selftest = join(folder, 'selftest')
  const include = `-I${join(packageRoot, 'kmod')}`
  await execa('gcc', ['-static', '-O1', '-Wall', include, '-o', selftest, join(inside, 'selftest.c')])
  const kernel = await obtainKernel(request, quietContext)
  const images = await obtainGuestImages(kernel, quietContext, { ...files, 'agent.cjs': agent, selftest })
  const target = await createQemuTarget(images, quietContext.signal, machine)
  let console = ''
  target.onConsole((chunk) => {
    console += Buffer.from(chunk).toString()
  })
  const guestAgent = await target.start().catch(async (error: unknown) => {
    await target.stop()
    throw error
  })
  const ask = async <T>(method: string, params: object): Promise<T> => {
    try {
      const watch = { target, signal: quietContext.signal }
      return (await guarded(watch, guestAgent.call(method as Method, params as never))) as T
    } catch (error) {
      throw new Error(`${method} failed; the console's end:\n${console.slice(-20_000)}`, { cause: error })
    }
  }
  await ask('stand', { knowsLayout: images.knowsLayout })
  return { call: ask, console: () => console, stop: () => target.stop() }
}
