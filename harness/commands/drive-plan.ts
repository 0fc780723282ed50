import type { RunPlan } from '../scenario/plan.js'
import { knobsOf } from '../scenario/stressors.js'
import type { PrepareParams } from '../agent/protocol.js'
import type { DrivePlan } from '../target/drive.js'

/** What a run asks of its target. */
export function drivePlanOf(
  { scenario, seed, busted, machine }: RunPlan,
  { knowsLayout }: Pick<PrepareParams, 'knowsLayout'>,
): DrivePlan {
  const { exports, versions, nfsdThreads, bufferKiB, clients, churn, stressors, inject } = scenario
  return {
    isOurs: machine === undefined,
    stage: { exports },
    prepare: {
      versions,
      nfsdThreads,
      busted,
      knowsLayout,
      events: scenario.events.flatMap((names) => names.split('|')),
      bufferKiB,
    },
    load: {
      seed: String(seed),
      knobs: knobsOf(stressors, inject),
      clients,
      churn,
      disturb: scenario.disturb,
      nfsdThreads,
    },
    seconds: scenario.seconds,
    quietMs: scenario.quietSeconds * 1000,
  }
}
