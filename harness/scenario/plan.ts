import { randomInt } from 'node:crypto'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { UsageError } from '../fct-error.js'
import type { Hooks } from '../target/ssh/targets-file.js'
import { loadScenario, type Scenario } from './scenario.js'

/** How a machine is reached that is not ours. */
export interface MachineAddress {
  /** ssh://root@host */
  readonly address: string
  /** As a targets file knows it; undefined: it is named by its address. */
  readonly name: string | undefined
  /** Private keys to offer; the user's usual ones if there are none. */
  readonly identities: readonly string[]
  /** Instead of the user's and the system's known_hosts. */
  readonly knownHosts: readonly string[]
  /** How long it may take from power-on until it answers. */
  readonly bootSeconds: number
  /** What can be done to it from outside. */
  readonly hooks: Hooks
}

/** A machine that is not ours, and how it may be used. */
export interface MachineRequest extends MachineAddress {
  /** Whether fctorture.ko is built here, against the kernel of the request, which must be the one that runs there. */
  readonly isKernelNamed: boolean
  /** Others who use NFS there do not matter. */
  readonly mayDisturb: boolean
  /** Bytes of trace per second that are brought here, at the most; undefined: as fast as it goes. */
  readonly traceRate: number | undefined
}

/** Random priorities of threads, with changes on the way (kmod/fct_pct.c), instead of delays and switches at the rates of the scenario. */
export interface PctPlan {
  /** Of the bug that is looked for: how many orders of two events it takes. 1 to 16. */
  readonly depth: number
  /** Passes of injection points in a round. 1 to 1,000,000. */
  readonly steps: number
}

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
  /** Undefined: a guest of our own. */
  readonly machine?: MachineRequest
  /** On a machine where everything follows from the seed. */
  readonly deterministic: boolean
  /** Undefined: strategy `random`. */
  readonly pct?: PctPlan | undefined
  /** A file for QEMU's recording of such a run. */
  readonly recordInto?: string
}

export interface PlanOptions {
  readonly machine?: MachineRequest | undefined
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
  readonly deterministic?: boolean
  readonly pct?: PctPlan | undefined
}

const usualBug = 'extra_put'
const drawnSeeds = 2 ** 32

/** @throws UsageError when the scenario cannot be had, or not like this */
export function planRun({ scenario: name, kernel, time, seed, busted, ...rest }: PlanOptions): RunPlan {
  const deterministic = rest.deterministic === true
  if (deterministic && (rest.untilFinding ?? false) !== false)
    throw new UsageError(
      'FCT_DETERMINISTIC_UNTIL',
      'a deterministic run cannot be ended by a finding: nobody may speak to its guest',
    )
  const clientsOnly = rest.clientsOnly === true
  const scenario = clientsOnly ? clientsAloneIn(loadScenario(name)) : loadScenario(name)
  if (deterministic && (rest.machine !== undefined || scenario.clients.machines > 0))
    throw new UsageError('FCT_DETERMINISTIC_MACHINES', 'a deterministic run has one machine, a guest of ours')
  requirePct(rest.pct, scenario, deterministic)
  if (rest.machine !== undefined && scenario.clients.machines > 0)
    throw new UsageError(
      'FCT_TARGET_CLIENTS',
      `${scenario.name} has its clients on machines of their own, which only guests can have`,
    )
  return {
    scenario: time === undefined ? scenario : { ...scenario, seconds: time },
    kernel,
    seed: seed ?? randomInt(drawnSeeds),
    busted: busted === true ? usualBug : (busted ?? ''),
    clientsOnly,
    untilFinding: rest.untilFinding ?? false,
    dump: rest.dump === undefined ? 'of the dead' : rest.dump ? 'always' : 'never',
    ...(rest.machine && { machine: rest.machine }),
    deterministic,
    ...(rest.pct && { pct: rest.pct }),
  }
}

function requirePct(pct: PctPlan | undefined, { name, inject }: Scenario, deterministic: boolean): void {
  if (pct === undefined) return
  if (!deterministic)
    throw new UsageError('FCT_PCT_CPUS', 'strategy pct is for one CPU: it needs --deterministic')
  if (inject === undefined)
    throw new UsageError('FCT_PCT_POINTS', `${name} has no injection points, which strategy pct counts`)
}

/** Windows that only stressors open are not asked for either. */
function clientsAloneIn(scenario: Scenario): Scenario {
  return { ...scenario, stressors: {}, optional: [], inject: undefined, exposure: [] }
}
