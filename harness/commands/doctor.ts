import pc from 'picocolors'
import { chooseAccelerator } from '../../vms/accelerator.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { checkSet } from '../doctor/check-set.js'
import { unmet, type Check, type Finding, type Status } from '../doctor/check.js'
import { messageOf } from '../fct-error.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'

export interface DoctorOptions {
  readonly probe?: boolean
  readonly json?: boolean
}

type Told = Pick<Check, 'code' | 'title'> & Finding

/** Looks at everything and tells it; 1 if a need is not met. */
export async function doctorCommand(
  { probe = false, json = false }: DoctorOptions,
  signal: AbortSignal,
): Promise<number> {
  if (probe) await probeAccelerator(signal)
  const told = (await Promise.all(checkSet.map((check) => lookAt(check, signal)))).flat()
  const exit = told.some(({ status }) => status === 'unmet') ? exitStatus.fail : exitStatus.pass
  process.stdout.write(
    json ? `${JSON.stringify({ schema: 1, exit, checks: told }, null, 2)}\n` : format(told),
  )
  return exit
}

async function probeAccelerator(signal: AbortSignal): Promise<void> {
  const context = buildContext(process.stderr, signal, undefined)
  const kernel = await obtainKernel({ name: 'debian:6.1', patches: [], profile: 'stock' }, context)
  const images = await obtainGuestImages(kernel, context)
  await chooseAccelerator(images.kernel, images.probeInitramfs)
}

/** A check that fails has found something as well. */
async function lookAt(check: Check, signal: AbortSignal): Promise<Told[]> {
  const { code, title } = check
  try {
    return (await check.look(signal)).map((finding) => ({ code, title, ...finding }))
  } catch (error) {
    signal.throwIfAborted()
    return [{ code, title, ...unmet(`could not be looked at: ${messageOf(error)}`) }]
  }
}

const signs: Record<Status, string> = {
  ok: pc.green('ok   '),
  note: pc.yellow('note '),
  unmet: pc.red('UNMET'),
}

function format(told: readonly Told[]): string {
  const width = Math.max(...told.map(({ title }) => title.length))
  const lines = told.flatMap(({ status, title, says, mend, code }) => [
    `${signs[status]} ${title.padEnd(width)}  ${says}${status === 'unmet' ? ` (${code})` : ''}`,
    ...(mend === null ? [] : [`${' '.repeat(width + 8)}${pc.bold(mend)}`]),
  ])
  const needs = told.filter(({ status }) => status === 'unmet').length
  return [...lines, '', needs === 0 ? 'All needs are met.' : `Needs that are not met: ${needs}`, ''].join(
    '\n',
  )
}
