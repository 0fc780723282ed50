import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { UsageError } from '../fct-error.js'
import { planRun, type MachineAddress, type MachineRequest } from '../scenario/plan.js'
import { hostName, parseSshAddress } from '../target/ssh/address.js'
import type { PlannedCell } from './plan-cells.js'

/** `Cell.target` of guests; every other one is a machine. */
export const ownTarget = 'qemu'
/** A kernel of plans: whatever a machine runs. */
export const runningKernel = 'running'

/** How the machine is reached that a plan calls so. @throws UsageError FCT_TARGET_..., FCT_TARGETS_... */
export type MachineLookup = (name: string) => MachineAddress

/** For plans of guests alone. */
export const noMachines: MachineLookup = (name) => {
  throw new UsageError('FCT_TARGET_UNKNOWN', `nobody said what machine ${JSON.stringify(name)} is`)
}

/** Targets that are machines, and are another one's machine: two runs at a time would be on it. */
export function namedTwice(machines: ReadonlyMap<string, MachineAddress>): string | undefined {
  const seen = new Set<string>()
  for (const [name, { address }] of machines) {
    const host = hostName(parseSshAddress(address))
    if (seen.has(host)) return name
    seen.add(host)
  }
  return undefined
}

/** How a run of a cell uses its machine. */
export function machineRequestFor(kernel: KernelRequest, machine: MachineAddress): MachineRequest {
  const isKernelNamed = kernel.name !== runningKernel
  return { ...machine, isKernelNamed, mayDisturb: false, traceRate: undefined }
}

/**
 * That each cell asks of its target what that can do.
 *
 * @throws UsageError FCT_PLAN_TARGET_KERNEL, FCT_TARGET_CLIENTS
 */
export function checkTargets(
  cells: readonly PlannedCell[],
  machines: ReadonlyMap<string, MachineAddress>,
): void {
  const kernels = new Map<string, string>()
  for (const { cell, key, scenario, kernel } of cells) {
    const machine = machines.get(cell.target)
    if (machine === undefined) {
      if (kernel.name === runningKernel)
        throw refusal(key, `a guest runs a kernel that is named; ${runningKernel} is for machines`)
      continue
    }
    if (kernel.patches.length > 0 || kernel.profile !== 'stock')
      throw refusal(key, 'a machine runs the kernel that it runs; patches and profiles are for guests')
    const other = kernels.get(cell.target)
    if (other !== undefined && other !== cell.kernel)
      throw refusal(
        key,
        `a machine runs the kernel that it runs, and the plan has ${other} for ${cell.target} already`,
      )
    kernels.set(cell.target, cell.kernel)
    planRun({ scenario, kernel, machine: machineRequestFor(kernel, machine) })
  }
}

function refusal(key: string, message: string): UsageError {
  return new UsageError(
    'FCT_PLAN_TARGET_KERNEL',
    `${key}: ${message}`,
    `The kernel of a machine is \`${runningKernel}\`, or the name of the one that runs there; \`exclude\` takes cells out.`,
  )
}
