import type { BuildContext } from '../../vms/cache.js'
import { packEntries, type Parcel } from '../../vms/cache-parcel.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import type { CellJob } from '../campaign/executor.js'
import { FctError } from '../fct-error.js'
import { planRun } from '../scenario/plan.js'
import { clientKernelOf } from './start-clients.js'

/**
 * Makes here what runs of a job need, and packs it for a node: kernels, images, modules. A guest that was saved is not among it, for it
 * goes on only where the CPU is the same; each node saves its own.
 *
 * @param into Gets the parcels.
 * @returns what gives a job's parcel; null if not all could be made: the node says why, as the run's result
 */
export function parcelsIn(into: string, context: BuildContext): (job: CellJob) => Promise<Parcel | null> {
  const known = new Map<string, Parcel>()
  return async ({ options }) => {
    const kernels = kernelsOf(options)
    const key = JSON.stringify(kernels)
    try {
      const parcel = known.get(key) ?? (await pack(kernels, into, context))
      known.set(key, parcel)
      return parcel
    } catch (error) {
      context.signal.throwIfAborted()
      // Not a full spool: nothing would come home either.
      if (!(error instanceof FctError) || error.code === 'FCT_CACHE_PARCEL') throw error
      return null
    }
  }
}

function kernelsOf(options: CellJob['options']): KernelRequest[] {
  const plan = planRun(options)
  return plan.scenario.clients.machines > 0 ? [plan.kernel, clientKernelOf(plan)] : [plan.kernel]
}

async function pack(kernels: readonly KernelRequest[], into: string, context: BuildContext): Promise<Parcel> {
  const make = async (asking: BuildContext): Promise<void> => {
    for (const kernel of kernels) await obtainGuestImages(await obtainKernel(kernel, asking), asking)
  }
  await make(context)
  // What was only needed to make them is not asked for any more.
  const entries = new Set<string>()
  await make({ ...context, onEntry: (entry) => entries.add(entry) })
  return packEntries(entries, into, context.signal)
}
