import type { BuildContext } from '../../vms/cache.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import { createClientMachines, type ClientMachines } from '../target/client-machines.js'
import { createStandingClient } from '../target/standing-guest.js'
import type { Target } from '../target/target.js'

export interface StartedClients extends ClientMachines {
  readonly kernel: KernelUnderTest
  /** What each has printed, from its boot on. */
  consoles(): string[]
}

/** What runs on machines with the clients of a run. */
export function clientKernelOf({ scenario, kernel: { name } }: RunPlan): KernelRequest {
  return { name: scenario.clients.kernel ?? name, patches: [], profile: 'stock' }
}

/** Machines for the clients of a run, one for each end of a cable; their kernel is a sound one. */
export async function startClients(
  plan: RunPlan,
  ends: readonly number[],
  context: BuildContext,
  onPhase: (phase: string) => void,
): Promise<StartedClients> {
  const kernel = await obtainKernel(clientKernelOf(plan), context)
  const images = await obtainGuestImages(kernel, context)
  const targets: Target[] = []
  const printed = ends.map((): Uint8Array[] => [])
  try {
    for (const [index, end] of ends.entries()) {
      const onConsole = (chunk: Uint8Array): void => void printed[index]?.push(chunk)
      const { target } = await createStandingClient(images, end, context, { onPhase, onConsole })
      target.onConsole(onConsole)
      targets.push(target)
    }
  } catch (error) {
    for (const target of targets) await target.stop()
    throw error
  }
  return {
    ...createClientMachines(targets, context.signal),
    kernel,
    consoles: () => printed.map((chunks) => Buffer.concat(chunks).toString()),
  }
}
