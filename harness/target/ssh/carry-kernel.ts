import { join } from 'node:path'
import { execa } from 'execa'
import type { KernelUnderTest } from '../../../vms/kernels/kernels.js'
import { FctError } from '../../fct-error.js'
import { shellWord } from '../../shell-word.js'
import type { Connection } from './connection.js'
import type { Link } from './link.js'
import { farSide } from './probe.js'

/** How a machine gets into another kernel: at once, or by its boot loader, which heeds an entry for one boot. */
export const ways = ['kexec', 'grub'] as const
export type Way = (typeof ways)[number]

/** A kernel on its way to a machine. */
export interface Cargo {
  readonly link: Link
  readonly kernel: KernelUnderTest
  readonly way: Way
  /** Further words for its command line, beside those of the running one. */
  readonly append: string
  readonly signal: AbortSignal
  readonly onStep: (text: string) => void
}

/**
 * Brings a kernel there, loads it, and has the machine go into it as soon as the connection is closed. What fails or is stopped
 * before leaves nothing behind.
 *
 * @throws FctError FCT_DEPLOY_..., FCT_SSH_COPY, Interrupted
 */
export async function carryKernel(cargo: Cargo): Promise<void> {
  const { link, kernel, way, signal, onStep } = cargo
  const { release } = kernel.kernel
  const folder = await begin(cargo)
  try {
    onStep(`copying ${release}`)
    await bring(cargo, folder)
    onStep('loading it')
    await step(link, 'load', [release, way, folder])
    signal.throwIfAborted()
    await step(link, 'jump', [release, way, folder])
  } catch (error) {
    await dropKernel(cargo, folder).catch(() => undefined)
    throw error
  }
}

/** What is there of a kernel that does not run, and of the folder in which it came. */
export async function dropKernel(
  { link, kernel, way }: Pick<Cargo, 'link' | 'kernel' | 'way'>,
  folder = '',
): Promise<void> {
  await step(link, 'undo', [kernel.kernel.release, way, folder])
}

/** Removes all kernels that came by carryKernel but the one that runs; their releases. */
export async function dropKernels(link: Link): Promise<string[]> {
  return (await step(link, 'clear', [])).split('\n').filter((line) => line !== '')
}

/** Makes our folder there, if there is a place for the kernel's modules. */
async function begin({ link, kernel, way }: Cargo): Promise<string> {
  const { release, modules } = kernel.kernel
  const { stdout: size } = await execa('du', ['-sk', modules])
  const answer = await step(link, 'begin', [release, way, kernel.hash, String(Number.parseInt(size, 10))])
  const folder = answer.trim().split('\n').at(-1) ?? ''
  if (/^\/var\/tmp\/fctorture\.\w{10}$/.test(folder)) return folder
  throw new FctError('FCT_DEPLOY_REFUSED', 'no folder could be made there', answer)
}

async function bring({ link, kernel, append, signal }: Cargo, folder: string): Promise<void> {
  const { release, modules, image } = kernel.kernel
  const connection = await link.connection()
  await connection.put(image, `${folder}/vmlinuz`, 0o600)
  const words = `${kernel.profile.kernelParameters} ${append}`.replaceAll('\n', ' ').trim()
  await connection.run(`cat > ${folder}/append`, words)
  await copyModules(connection, modules, release, signal)
  if (kernel.nfsd !== undefined) await connection.put(kernel.nfsd.path, join(folder, 'nfsd.ko'), 0o600)
}

async function copyModules(
  connection: Connection,
  modules: string,
  release: string,
  signal: AbortSignal,
): Promise<void> {
  // Encryption over there may cost more than all else.
  const words = ['-I', 'gzip -1', '-C', modules, '--exclude=./build', '--exclude=./source', '-c', '.']
  const pack = () =>
    execa('tar', words, {
      ...{ buffer: false, stdin: 'ignore', stderr: 'ignore', reject: false, cancelSignal: signal },
    })
  let tar: ReturnType<typeof pack> | undefined
  try {
    await connection.run(
      `exec tar -C /lib/modules/${shellWord(release)} -xz --no-same-owner`,
      () => (tar = pack()).stdout,
    )
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FctError) || error.code !== 'FCT_SSH_COMMAND') throw error
    throw new FctError('FCT_SSH_COPY', 'the modules could not be written there', error.detail)
  }
  if ((await tar)?.failed !== false)
    throw new FctError('FCT_DEPLOY_MODULES', `the modules in ${modules} cannot be read`)
}

/** A part of deploy.sh, which wants what boot-entry.sh has; its refusals have a code of their own. */
async function step(link: Link, name: string, words: readonly string[]): Promise<string> {
  const connection = await link.connection()
  try {
    return await connection.run(
      `exec sh -s ${[name, ...words].map(shellWord).join(' ')}`,
      farSide('boot-entry') + farSide('deploy'),
    )
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_SSH_COMMAND') throw error
    const [, code, message, detail = ''] = /^refused (FCT_DEPLOY_\w+) (.*)\n?([^]*)/m.exec(error.detail) ?? []
    if (code === undefined) throw error
    throw new FctError(code as `FCT_${string}`, message ?? '', detail.trim())
  }
}
