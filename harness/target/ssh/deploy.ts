import { FctError, messageOf } from '../../fct-error.js'
import { showAddress } from './address.js'
import { awaitBoot, revive, type Absence } from './bring-back.js'
import { carryKernel, dropKernel, type Cargo } from './carry-kernel.js'
import { revivalsOf } from './hooks.js'
import type { Link } from './link.js'
import type { MachineProbe } from './probe.js'
import { refusalOfDeployment } from './refusals.js'

/** A kernel for a machine that is not ours. */
export interface Deployment extends Omit<Absence, 'bootsItself'>, Cargo {
  readonly probe: MachineProbe
}

export interface Deployed {
  readonly release: string
  /** From the jump until it answered. */
  readonly seconds: number
}

/**
 * Brings a kernel to a machine and has it go into it. Its next boot is of its old kernel again. If the new one does not answer, the
 * old one is brought back, and nothing of the new one is left there.
 *
 * @throws FctError FCT_TARGET_NOT_ROOT, FCT_TARGET_ARCH, FCT_TARGET_BUSY, FCT_DEPLOY_REFUSED, FCT_DEPLOY_LACKS,
 *   FCT_DEPLOY_RELEASE_TAKEN, FCT_DEPLOY_DISK_FULL, FCT_DEPLOY_INITRAMFS, FCT_DEPLOY_KEXEC,
 *   FCT_DEPLOY_BOOT_ENTRY: before the jump; FCT_DEPLOY_NO_ANSWER: behind it; Interrupted, with what is left there
 */
export async function deploy(deployment: Deployment): Promise<Deployed> {
  const { link, probe, kernel, signal, onStep } = deployment
  const { release } = kernel.kernel
  const refusal = refusalOfDeployment(probe)
  if (refusal !== undefined) throw refusal
  await carryKernel(deployment)
  link.close()
  onStep('waiting for its answer')
  const began = performance.now()
  try {
    await arrive(deployment)
  } catch (error) {
    if (!signal.aborted) throw error
    const { code, message } = signal.reason as FctError
    throw new FctError(
      code,
      message,
      `${showAddress(link.address)} goes into ${release} or has done so; the boot after that is of ${probe.release}. ${howToRemove(release)}`,
    )
  }
  return { release, seconds: Math.round((performance.now() - began) / 100) / 10 }
}

function howToRemove(release: string): string {
  return `/lib/modules/${release} stays there; fctorture deploy --remove removes it.`
}

/** Resolves when the machine runs the new kernel; if it does not, the old one is brought back, and the new one undone. */
async function arrive(deployment: Deployment): Promise<void> {
  const { release } = deployment.kernel.kernel
  const why: string[] = []
  const next = await awaitNext(deployment, why)
  if (next?.release === release) {
    next.link.close()
    return
  }
  if (next !== undefined) why.push(`The machine runs ${next.release} instead: it has booted by itself.`)
  const old = next?.link ?? (await returnToOld(deployment, why))
  await dropKernel({ ...deployment, link: old }).catch((error: unknown) => {
    why.push(messageOf(error), howToRemove(release))
  })
  old.close()
  throw new FctError('FCT_DEPLOY_NO_ANSWER', `${release} does not answer`, why.join('\n'))
}

/** The next boot that answers, whatever it is of. */
async function awaitNext(
  deployment: Deployment,
  why: string[],
): Promise<{ readonly link: Link; readonly release: string } | undefined> {
  const { link: before, bootSeconds, signal } = deployment
  try {
    const link = await awaitBoot({ ...deployment, after: before.bootId })
    if (link !== undefined) return { link, release: await releaseOn(link) }
    why.push(`It was waited for ${bootSeconds} s.`)
  } catch (error) {
    signal.throwIfAborted()
    why.push(messageOf(error))
  }
  return undefined
}

/** Its old kernel is what a reset boots. */
async function returnToOld(deployment: Deployment, why: string[]): Promise<Link> {
  const { link, hooks, kernel } = deployment
  const back = await revive(deployment, why)
  if (back !== undefined) {
    why.push(`A reset brought ${await releaseOn(back)} back.`)
    return back
  }
  const advice = revivalsOf(hooks).length === 0 ? ['No hook can reset it: do so by hand.'] : []
  throw new FctError(
    'FCT_DEPLOY_NO_ANSWER',
    `${showAddress(link.address)} does not answer any more`,
    [...why, ...advice, howToRemove(kernel.kernel.release)].join('\n'),
  )
}

async function releaseOn(link: Link): Promise<string> {
  return (await link.run((connection) => connection.run('uname -r'))).trim()
}
