import { once } from 'node:events'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import type { KernelUnderTest } from '../../../vms/kernels/kernels.js'
import { FctError } from '../../fct-error.js'
import { showAddress } from './address.js'
import { awaitBoot, revive, type Absence } from './bring-back.js'
import { revivalsOf } from './hooks.js'
import type { Link } from './link.js'
import { farSide, type MachineProbe } from './probe.js'

/** A kernel for a machine that is not ours. */
export interface Deployment extends Omit<Absence, 'bootsItself'> {
  readonly probe: MachineProbe
  readonly kernel: KernelUnderTest
  /** Further words for its command line, beside those of the running one. */
  readonly append: string
  readonly onStep: (text: string) => void
}

export interface Deployed {
  readonly release: string
  /** From the jump until it answered. */
  readonly seconds: number
}

/**
 * Brings a kernel to a machine and has it jump into it (kexec). Its next boot is of its old kernel again. If the new one does not
 * answer, the old one is brought back, and nothing of the new one is left there.
 *
 * @throws FctError FCT_DEPLOY_REFUSED, FCT_DEPLOY_LACKS, FCT_DEPLOY_RELEASE_TAKEN, FCT_DEPLOY_INITRAMFS, FCT_DEPLOY_KEXEC: before the
 *   jump; FCT_DEPLOY_NO_ANSWER: behind it
 */
export async function deploy(deployment: Deployment): Promise<Deployed> {
  const { link, probe, kernel, onStep } = deployment
  const { release } = kernel.kernel
  if (!['', 'none'].includes(probe.lockdown))
    throw new FctError(
      'FCT_DEPLOY_REFUSED',
      `its kernel takes no other one from us (lockdown ${probe.lockdown})`,
      'Boot it without Secure Boot, or without lockdown=.',
    )
  const folder = await begin(link, kernel)
  try {
    onStep(`copying ${release}`)
    await bring(link, folder, deployment)
    onStep('loading it')
    await step(link, 'load', [folder, release])
  } catch (error) {
    await step(link, 'undo', [folder, release]).catch(() => undefined)
    throw error
  }
  onStep('waiting for its answer')
  const began = performance.now()
  const before = link.bootId
  await step(link, 'jump', [folder])
  link.close()
  const next = await awaitBoot({ ...deployment, after: before }).catch((error: unknown) => error as FctError)
  const found = next === undefined || next instanceof Error ? next : await releaseOn(next)
  if (found === release) {
    if (next !== undefined && !(next instanceof Error)) next.close()
    return { release, seconds: Math.round((performance.now() - began) / 100) / 10 }
  }
  const why = whyNot(found, deployment)
  const old = next === undefined || next instanceof Error ? await returnToOld(deployment, why) : next
  await step(old, 'undo', [folder, release])
  old.close()
  throw new FctError('FCT_DEPLOY_NO_ANSWER', `${release} does not answer`, why.join('\n'))
}

function whyNot(found: string | Error | undefined, { bootSeconds }: Deployment): string[] {
  if (found === undefined) return [`It was waited for ${bootSeconds} s.`]
  if (found instanceof Error) return [found.message]
  return [`The machine runs ${found} instead: it has booted by itself.`]
}

/** Its old kernel is what a reset boots. */
async function returnToOld(deployment: Deployment, why: string[]): Promise<Link> {
  const { link, hooks } = deployment
  const back = await revive(deployment, why)
  if (back !== undefined) {
    why.push(`A reset brought ${await releaseOn(back)} back.`)
    return back
  }
  const advice = revivalsOf(hooks).length === 0 ? ['No hook can reset it: do so by hand.'] : []
  throw new FctError(
    'FCT_DEPLOY_NO_ANSWER',
    `${showAddress(link.address)} does not answer any more`,
    [...why, ...advice].join('\n'),
  )
}

async function releaseOn(link: Link): Promise<string> {
  return (await link.run((connection) => connection.run('uname -r'))).trim()
}

/** Makes our folder there, if there is a place for the kernel's modules. */
async function begin(link: Link, { kernel, hash }: KernelUnderTest): Promise<string> {
  const answer = await step(link, 'begin', [kernel.release, hash])
  const folder = answer.trim().split('\n').at(-1) ?? ''
  if (/^\/var\/tmp\/fctorture\.\w{10}$/.test(folder)) return folder
  throw new FctError('FCT_DEPLOY_REFUSED', 'no folder could be made there', answer)
}

async function bring(link: Link, folder: string, { kernel, append }: Deployment): Promise<void> {
  const { release, modules, image } = kernel.kernel
  const connection = await link.connection()
  await connection.put(image, `${folder}/vmlinuz`, 0o600)
  await connection.run(
    `cat > ${folder}/append`,
    `${kernel.profile.kernelParameters} ${append}`.replaceAll('\n', ' ').trim(),
  )
  const tar = execa('tar', ['-C', modules, '--exclude=./build', '--exclude=./source', '-c', '.'], {
    buffer: false,
  })
  const channel = await connection.open(`exec tar -C /lib/modules/${shellQuoted(release)} -x --no-same-owner`)
  const closed = once(channel, 'close') as Promise<[number | null]>
  channel.resume()
  await Promise.all([tar, pipeline(tar.stdout, channel)])
  const [status] = await closed
  if (status !== 0) throw new FctError('FCT_SSH_COPY', 'the modules could not be written there')
  if (kernel.nfsd !== undefined) await connection.put(kernel.nfsd.path, join(folder, 'nfsd.ko'), 0o600)
}

/** A part of deploy.sh; its refusals have a code of their own. */
async function step(link: Link, name: string, words: readonly string[]): Promise<string> {
  const connection = await link.connection()
  try {
    return await connection.run(
      `exec sh -s ${[name, ...words].map(shellQuoted).join(' ')}`,
      farSide('deploy'),
    )
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_SSH_COMMAND') throw error
    const [, code, message, detail = ''] = /^refused (FCT_DEPLOY_\w+) (.*)\n?([^]*)/m.exec(error.detail) ?? []
    if (code === undefined) throw error
    throw new FctError(code as `FCT_${string}`, message ?? '', detail.trim())
  }
}

/** Kernels may be called anything. */
function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
