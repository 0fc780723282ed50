import type { RunPlan } from '../scenario/plan.js'
import { knobsOf, withPct } from '../scenario/stressors.js'
import type { PrepareParams } from '../agent/protocol.js'
import type { DrivePlan } from '../target/drive.js'

/** What a run asks of its target. */
export function drivePlanOf(
  { scenario, seed, busted, machine, pct }: RunPlan,
  { knowsLayout }: Pick<PrepareParams, 'knowsLayout'>,
): DrivePlan {
  const { exports, versions, delegations, nfsdThreads, bufferKiB, churn, stressors, inject } = scenario
  const knobs = knobsOf(stressors, inject)
  const { machines, threads, files, choice, size, mix, rate } = scenario.clients
  return {
    isOurs: machine === undefined,
    stage: { exports, ...(machines > 0 && { machines }) },
    prepare: {
      versions,
      delegations,
      nfsdThreads,
      busted,
      knowsLayout,
      events: scenario.events.flatMap((names) => names.split('|')),
      bufferKiB,
    },
    load: {
      seed: String(seed),
      knobs: pct === undefined ? knobs : withPct(knobs, pct),
      clients: { threads, files, choice, size, mix, rate },
      churn,
      disturb: scenario.disturb,
      nfsdThreads,
    },
    seconds: scenario.seconds,
    quietMs: scenario.quietSeconds * 1000,
  }
}
