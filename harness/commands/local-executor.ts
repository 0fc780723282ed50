import type { BuildContext } from '../../vms/cache.js'
import type { Executor } from '../campaign/executor.js'
import { findEnd } from '../campaign/find-end.js'
import { runScenario } from './run.js'

/** Runs in this process, one after the other: guests need the machine to themselves. */
export function localExecutor(context: BuildContext): Executor {
  return {
    name: 'local',
    slots: 1,
    run: async ({ options, runs }, listener) => {
      const began = Date.now()
      const { result } = await runScenario(options, runs, context, listener)
      return { result, seconds: (Date.now() - began) / 1000 }
    },
    // The process that ran it is gone: either it had got as far as the verdict, or nothing comes of it.
    resume: findEnd,
  }
}
