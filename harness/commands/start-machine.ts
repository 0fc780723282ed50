import { join } from 'node:path'
import { addonFile } from '../../addon/index.js'
import { hashOf, hashOfFile, type BuildContext } from '../../vms/cache.js'
import { obtainKernel, type KernelRequest, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import { obtainTestModule } from '../../vms/test-module.js'
import { FctError } from '../fct-error.js'
import { packageRoot } from '../folders.js'
import type { MachineAddress, MachineRequest } from '../scenario/plan.js'
import { parseSshAddress } from '../target/ssh/address.js'
import { createLink, type LinkOptions } from '../target/ssh/link.js'
import { probeMachine, type MachineProbe } from '../target/ssh/probe.js'
import { refusalOf } from '../target/ssh/refusals.js'
import { createSshTarget, type SshTarget } from '../target/ssh/ssh-target.js'
import type { KernelBuild } from '../verdict/result.js'

/** A machine that is not ours, with the agent on it. */
export interface StartedMachine {
  readonly target: SshTarget
  readonly knowsLayout: boolean
  /** Of the kernel that runs there. */
  readonly hash: string
  readonly build: KernelBuild
  readonly inputs: Readonly<Record<string, string>>
}

const agent = join(packageRoot, 'dist', 'agent.cjs')
const addon = addonFile()

/** @throws UsageError FCT_TARGET_ADDRESS, FctError FCT_SSH_..., FCT_TARGET_... with what stands in the way */
export async function startMachineOf(
  request: MachineRequest,
  wanted: KernelRequest,
  context: BuildContext,
): Promise<StartedMachine> {
  const { mayDisturb, traceRate, isKernelNamed, hooks, bootSeconds } = request
  const address = parseSshAddress(request.address)
  const named = isKernelNamed ? await obtainKernel(wanted, context) : undefined
  const knowsLayout = named?.nfsdSource !== undefined
  const linkOptions = linkOptionsOf(request)
  const link = await createLink(address, linkOptions)
  try {
    const probe = await probeMachine(await link.connection())
    const refusal = refusalOf(probe, { hasModule: isKernelNamed, knowsLayout, mayDisturb })
    if (refusal !== undefined) throw refusal
    const module = named && (await moduleFor(probe, named, context))
    return {
      target: await createSshTarget({
        ...{ link, linkOptions, hooks, bootSeconds, signal: context.signal },
        ...{ probe, luggage: { agent, addon, module }, traceRate },
      }),
      knowsLayout,
      hash: hashOf(probe.identity),
      build: { kernel: 'running', nfsd: 'as it is there', reason: `the target runs ${probe.release}` },
      inputs: inputsOf(module),
    }
  } catch (error) {
    link.close()
    throw error
  }
}

/** Where keys are looked for, if not at the usual places. */
export function linkOptionsOf({ identities, knownHosts }: MachineAddress): LinkOptions {
  return {
    ...(identities.length > 0 && { identities }),
    ...(knownHosts.length > 0 && { knownHosts }),
  }
}

function inputsOf(module: string | undefined): Record<string, string> {
  const files = { agent, addon, ...(module && { module }) }
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [name, hashOfFile(path)]))
}

async function moduleFor(
  { release }: MachineProbe,
  { kernel, nfsdSource }: KernelUnderTest,
  context: BuildContext,
): Promise<string> {
  if (kernel.release !== release)
    throw new FctError(
      'FCT_TARGET_OTHER_KERNEL',
      `the target runs ${release}, and ${kernel.name} is ${kernel.release}`,
      'Without --kernel the one that runs there is tortured.',
    )
  return obtainTestModule({ kernel, nfsdSource }, context)
}
