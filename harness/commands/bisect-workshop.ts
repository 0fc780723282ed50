import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildContext } from '../../vms/cache.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { obtainKernel, type KernelRequest } from '../../vms/kernels/kernels.js'
import { isBuildFailure, parseWanted, readRun, untilFindingOf } from '../bisect/read-run.js'
import type { Which, Workshop } from '../bisect/drive-search.js'
import type { StartEntry } from '../bisect/log-entry.js'
import { FctError } from '../fct-error.js'
import { runScenario } from './run.js'

interface WorkshopOptions {
  readonly start: StartEntry
  readonly requestOf: (which: Which) => Promise<KernelRequest>
  readonly runs: string
  readonly context: BuildContext
  /** Others run at the same time. */
  readonly isOneOfMany: boolean
}

/** Builds what is to be run, and runs it as `fctorture run` does. */
export function createWorkshop(options: WorkshopOptions): Workshop {
  const { start, requestOf, runs, context, isOneOfMany } = options
  const wanted = parseWanted(start.signature)
  const { scenario, seconds, clientsOnly } = start.amplification
  const load = { scenario, time: seconds, clientsOnly, untilFinding: untilFindingOf(wanted) }
  return {
    build: async (which) => {
      try {
        await obtainGuestImages(await obtainKernel(await requestOf(which), context), context)
        return undefined
      } catch (error) {
        if (error instanceof FctError && isBuildFailure(error.code)) return `${error.code}: ${error.message}`
        throw error
      }
    },
    run: async (which, seed) => {
      const kernel = await requestOf(which)
      const { result } = await runScenario({ ...load, kernel, seed }, runs, context, { isOneOfMany })
      // There are hundreds of them, and a PASS has nothing that its verdict does not say.
      if (result.verdict === 'PASS') await rm(join(result.run, 'trace.dat'), { force: true })
      return { ...readRun(result, wanted, seconds), run: result.run }
    },
  }
}
