import type { BuildContext } from '../../vms/cache.js'
import type { Executor } from '../campaign/executor.js'
import { findEnd } from '../campaign/find-end.js'
import { machineRequestFor } from '../campaign/plan-targets.js'
import type { MachineAddress } from '../scenario/plan.js'
import { runScenario } from './run.js'

/**
 * Runs in this process. A target does one after the other: guests need this machine to themselves, and a machine can be tortured by one
 * run at a time; but machines do not wait for guests.
 *
 * @param machines By target. What is kept of a job does not say how its machine is reached: hooks may hold a password.
 */
export function localExecutor(
  context: BuildContext,
  machines: ReadonlyMap<string, MachineAddress>,
): Executor {
  return {
    name: 'local',
    slotsOf: () => 1,
    run: async ({ cell, options, runs }, listener) => {
      const began = Date.now()
      const address = machines.get(cell.target)
      const machine = address && machineRequestFor(options.kernel, address)
      const audience = { listener, isOneOfMany: machines.size > 0 }
      const { result } = await runScenario({ ...options, machine }, runs, context, audience)
      return { result, seconds: (Date.now() - began) / 1000 }
    },
    // The process that ran it is gone: either it had got as far as the verdict, or nothing comes of it.
    resume: findEnd,
  }
}
