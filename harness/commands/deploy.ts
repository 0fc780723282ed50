import type { Mirrors } from '../../vms/apt-root.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import type { MachineAddress } from '../scenario/plan.js'
import { parseSshAddress } from '../target/ssh/address.js'
import { deploy } from '../target/ssh/deploy.js'
import { createLink } from '../target/ssh/link.js'
import { probeMachine } from '../target/ssh/probe.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { linkOptionsOf } from './start-machine.js'

export interface DeployOptions {
  readonly machine: MachineAddress
  /** Further words of its command line. */
  readonly append: string
  readonly json?: boolean
  readonly mirrors: Mirrors | undefined
}

/** Resolves when the machine runs the kernel, and answers. */
export async function deployCommand(
  request: KernelRequest,
  { machine, append, json, mirrors }: DeployOptions,
  signal: AbortSignal,
): Promise<number> {
  const kernel = await obtainKernel(request, buildContext(process.stderr, signal, mirrors))
  const options = linkOptionsOf(machine)
  const link = await createLink(parseSshAddress(machine.address), options)
  try {
    const probe = await probeMachine(await link.connection())
    const { release, seconds } = await deploy({
      ...{ link, options, probe, kernel, append, signal },
      ...{ hooks: machine.hooks, bootSeconds: machine.bootSeconds },
      onStep: (text) => process.stderr.write(`deploy: ${text}\n`),
    })
    const document = { schema: 1, target: machine.address, before: probe.release, release, seconds }
    process.stdout.write(
      json === true
        ? `${JSON.stringify(document, null, 2)}\n`
        : `${machine.name ?? machine.address} runs ${release} now, and answered after ${seconds} s; its next boot is of ${probe.release} again\n`,
    )
    return exitStatus.pass
  } finally {
    link.close()
  }
}
