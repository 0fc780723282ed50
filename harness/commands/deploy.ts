import type { Mirrors } from '../../vms/apt-root.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import type { MachineAddress } from '../scenario/plan.js'
import { parseSshAddress } from '../target/ssh/address.js'
import { dropKernels, type Way } from '../target/ssh/carry-kernel.js'
import { deploy } from '../target/ssh/deploy.js'
import { createLink, type Link } from '../target/ssh/link.js'
import { probeMachine, type MachineProbe } from '../target/ssh/probe.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { linkOptionsOf } from './start-machine.js'

export interface DeployOptions {
  readonly machine: MachineAddress
  readonly json?: boolean
}

export interface DeployKernelOptions extends DeployOptions {
  /** Further words of its command line. */
  readonly append: string
  readonly by: Way
  readonly mirrors: Mirrors | undefined
}

/** Resolves when the machine runs the kernel, and answers. */
export async function deployCommand(
  request: KernelRequest,
  { machine, append, by: way, json, mirrors }: DeployKernelOptions,
  signal: AbortSignal,
): Promise<number> {
  const kernel = await obtainKernel(request, buildContext(process.stderr, signal, mirrors))
  return onMachine(machine, async (link, probe) => {
    const { release, seconds } = await deploy({
      ...{ link, options: linkOptionsOf(machine), probe, kernel, append, way, signal },
      ...{ hooks: machine.hooks, bootSeconds: machine.bootSeconds },
      onStep: (text) => process.stderr.write(`deploy: ${text}\n`),
    })
    tell(
      json,
      { schema: 1, target: machine.address, before: probe.release, release, seconds },
      `${nameOf(machine)} runs ${release} now, and answered after ${seconds} s; its next boot is of ${probe.release} again`,
    )
  })
}

/** Removes what earlier deployments have left there; the kernel that runs stays. */
export async function removeCommand({ machine, json }: DeployOptions): Promise<number> {
  return onMachine(machine, async (link, { release }) => {
    const removed = await dropKernels(link)
    tell(
      json,
      { schema: 1, target: machine.address, removed, running: release },
      `removed from ${nameOf(machine)}: ${removed.length === 0 ? 'nothing' : removed.join(', ')}; it runs ${release}`,
    )
  })
}

async function onMachine(
  machine: MachineAddress,
  work: (link: Link, probe: MachineProbe) => Promise<void>,
): Promise<number> {
  const link = await createLink(parseSshAddress(machine.address), linkOptionsOf(machine))
  try {
    await work(link, await probeMachine(await link.connection()))
    return exitStatus.pass
  } finally {
    link.close()
  }
}

function tell(json: boolean | undefined, document: Record<string, unknown>, text: string): void {
  process.stdout.write(`${json === true ? JSON.stringify(document, null, 2) : text}\n`)
}

function nameOf({ name, address }: MachineAddress): string {
  return name ?? address
}
