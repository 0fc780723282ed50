import type { BuildContext } from '../../vms/cache.js'
import type { Mirrors } from '../../vms/apt-root.js'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import type { PlanOptions } from '../scenario/plan.js'
import { formatTable } from '../report/text-table.js'
import { listCases, type SelftestCase } from '../selftest/cases.js'
import type { Attempt } from '../selftest/attempt.js'
import { judgeCase, medianSeconds, verdictOf, type CaseOutcome } from '../selftest/outcome.js'
import { gainOf, medianGain, perMinute, type DetectionRate, type Gain } from '../selftest/rate.js'
import { runPool } from '../target/pool.js'
import { decideJobs } from './decide-jobs.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { runScenario } from './run.js'

export interface SelftestOptions {
  /** A kernel of the catalogue that regressions are written for; its patches come before theirs. */
  readonly kernel: KernelRequest
  /** Ids of defects; all if there are none. */
  readonly only: readonly string[]
  /** Seconds of load that a defect has to show itself. */
  readonly time: number
  /** Seconds of load that each regression has under clients alone; not tried if undefined. */
  readonly alone?: number
  readonly seed?: number
  /** Guests at a time; decided by what the host has if undefined. */
  readonly jobs?: number
  readonly json?: boolean
  readonly runs: string
  readonly mirrors: Mirrors | undefined
}

/** Most defects show at once, and what is found at a run's end only is found sooner in a short one. */
const firstSeconds = 8

const exits = { pass: exitStatus.pass, fail: exitStatus.fail, 'no verdict': exitStatus.noVerdict }

/** Puts one known defect after the other into a kernel or into the module, and sees whether it is found. */
export async function selftestCommand(options: SelftestOptions, signal: AbortSignal): Promise<number> {
  const context = buildContext(process.stderr, signal, options.mirrors)
  const cases = await listCases(options.kernel.name, options.only)
  const guests = decideJobs('selftest', options.jobs)
  const outcomes = await runPool(cases, guests, (defect) => {
    signal.throwIfAborted()
    process.stderr.write(`selftest: ${defect.id}\n`)
    return tryCase(defect, { ...options, jobs: guests }, context)
  })
  signal.throwIfAborted()
  const exit = exits[verdictOf(outcomes)]
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(documentOf(options.kernel.name, outcomes, exit), null, 2)}\n`
      : describe(outcomes),
  )
  return exit
}

async function tryCase(
  defect: SelftestCase,
  options: SelftestOptions,
  context: BuildContext,
): Promise<CaseOutcome> {
  const { time, alone } = options
  const attempts: Attempt[] = []
  // A rate is that of a load that nobody ends because something was found.
  const untilFound = alone === undefined ? { untilFinding: defect.rules } : {}
  for (const seconds of [Math.min(firstSeconds, time), time - firstSeconds]) {
    if (seconds < 1) break
    attempts.push(await attempt(defect, { time: seconds, ...untilFound }, options, context))
    if (judgeCase(defect, attempts).outcome === 'caught') break
  }
  // What the module itself does wrong, its stressors do.
  if (alone === undefined || defect.busted !== '') return judgeCase(defect, attempts)
  const quietly = { time: alone, clientsOnly: true }
  return judgeCase(defect, attempts, await attempt(defect, quietly, options, context))
}

async function attempt(
  { scenario, busted, patches }: SelftestCase,
  how: Pick<PlanOptions, 'time' | 'clientsOnly' | 'untilFinding'>,
  { kernel, seed, runs, jobs }: SelftestOptions,
  context: BuildContext,
): Promise<Attempt> {
  const broken = { ...kernel, patches: [...kernel.patches, ...patches] }
  const options = {
    scenario,
    kernel: broken,
    busted,
    dump: false,
    ...how,
    ...(seed !== undefined && { seed }),
  }
  const { result, extras } = await runScenario(options, runs, context, { isOneOfMany: jobs !== 1 })
  return { result, console: extras.console }
}

function documentOf(kernel: string, outcomes: readonly CaseOutcome[], exit: number): object {
  const caught = outcomes.filter(({ outcome }) => outcome === 'caught').length
  const cases = outcomes.map((outcome) => ({ ...outcome, gain: gainOfCase(outcome) }))
  return {
    ...{ schema: 1, exit, kernel, caught, of: cases.length, medianSeconds: medianSeconds(outcomes) },
    ...{ medianGain: medianGainOf(outcomes), cases },
  }
}

function gainOfCase({ rate, alone }: CaseOutcome): Gain | null {
  return alone && gainOf(rate, alone)
}

function medianGainOf(outcomes: readonly CaseOutcome[]): Gain | null {
  return medianGain(outcomes.map(gainOfCase).filter((gain) => gain !== null))
}

function describe(outcomes: readonly CaseOutcome[]): string {
  const compared = outcomes.some(({ alone }) => alone !== null)
  const rows = outcomes.map((outcome) => [...cellsOf(outcome), ...(compared ? comparison(outcome) : [])])
  const header = ['defect', 'scenario', 'expected', 'fired', 'found after', 'outcome']
  const more = compared ? ['per minute', 'clients alone', 'gain'] : []
  const caught = outcomes.filter(({ outcome }) => outcome === 'caught').length
  const median = medianSeconds(outcomes)
  const gain = medianGainOf(outcomes)
  const total = [
    `${String(caught)} of ${String(outcomes.length)} caught`,
    ...(median === null ? [] : [`median ${median.toFixed(1)} s`]),
    ...(gain === null ? [] : [`median gain ${gainText(gain)}`]),
  ]
  return `${formatTable([[...header, ...more], ...rows])}\n\n${total.join(', ')}\n`
}

function cellsOf({ id, scenario, expected, fired, outcome, unexplained, ...rest }: CaseOutcome): string[] {
  const after = rest.secondsToDetection
  return [
    ...[id, scenario, expected.join(' or '), fired.join(' ') || '-'],
    after === null ? '-' : `${after.toFixed(1)} s`,
    outcome + (unexplained.length > 0 ? `, but not ${unexplained.join(' ')}` : ''),
  ]
}

function comparison(outcome: CaseOutcome): string[] {
  const { rate, alone } = outcome
  const gain = gainOfCase(outcome)
  return [rateText(rate), alone === null ? '-' : rateText(alone), gain === null ? '-' : gainText(gain)]
}

/** Nothing found says no more than that it is rarer than once in that time. */
function rateText(rate: DetectionRate): string {
  const { detections, seconds } = rate
  return detections === 0 ? `none in ${seconds.toFixed(0)} s` : perMinute(rate).toFixed(1)
}

function gainText({ factor, isBound }: Gain): string {
  return `${isBound ? 'at least ' : ''}${factor.toFixed(1)} x`
}
