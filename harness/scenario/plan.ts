import { randomInt } from 'node:crypto'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { loadScenario, type Scenario } from './scenario.js'

/** One scenario, one kernel, one seed: everything that is decided before anything is started. */
export interface RunPlan {
  readonly scenario: Scenario
  readonly kernel: KernelRequest
  /** 0 to 2^53 - 1. */
  readonly seed: number
  /** The module's deliberate bug; empty for a sound module. */
  readonly busted: string
  /** No stressors and no injected delays: the module observes what clients do. */
  readonly clientsOnly: boolean
  /** The load ends at the first finding, or at the first of one of these rules. */
  readonly untilFinding: boolean | readonly string[]
  /** When all of the guest's memory is kept, as a vmcore. */
  readonly dump: 'never' | 'of the dead' | 'always'
}

export interface PlanOptions {
  readonly scenario: string
  readonly kernel: KernelRequest
  /** Seconds of load, instead of the scenario's. */
  readonly time?: number
  readonly seed?: number
  /** `true` for the usual way of misbehaving. */
  readonly busted?: string | true
  readonly clientsOnly?: boolean
  readonly untilFinding?: boolean | readonly string[]
  /** A vmcore of each run, or of none; of the first guest that dies of something if not given. */
  readonly dump?: boolean
}

const usualBug = 'extra_put'
const drawnSeeds = 2 ** 32

/** @throws UsageError when the scenario cannot be had */
export function planRun({ scenario: name, kernel, time, seed, busted, ...rest }: PlanOptions): RunPlan {
  const clientsOnly = rest.clientsOnly === true
  const scenario = clientsOnly ? clientsAloneIn(loadScenario(name)) : loadScenario(name)
  return {
    scenario: time === undefined ? scenario : { ...scenario, seconds: time },
    kernel,
    seed: seed ?? randomInt(drawnSeeds),
    busted: busted === true ? usualBug : (busted ?? ''),
    clientsOnly,
    untilFinding: rest.untilFinding ?? false,
    dump: rest.dump === undefined ? 'of the dead' : rest.dump ? 'always' : 'never',
  }
}

/** Windows that only stressors open are not asked for either. */
function clientsAloneIn(scenario: Scenario): Scenario {
  return { ...scenario, stressors: {}, optional: [], inject: undefined, exposure: [] }
}
