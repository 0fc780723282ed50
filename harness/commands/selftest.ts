import type { BuildContext } from '../../vms/cache.js'
import type { Mirrors } from '../../vms/apt-root.js'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { formatTable } from '../report/text-table.js'
import { listCases, type SelftestCase } from '../selftest/cases.js'
import { judgeCase, medianSeconds, type Attempt, type CaseOutcome } from '../selftest/outcome.js'
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
  readonly seed?: number
  readonly json?: boolean
  readonly runs: string
  readonly mirrors: Mirrors | undefined
}

/** Most defects show at once, and what is found at a run's end only is found sooner in a short one. */
const firstSeconds = 8

/** Puts one known defect after the other into a kernel or into the module, and sees whether it is found. */
export async function selftestCommand(options: SelftestOptions, signal: AbortSignal): Promise<number> {
  const context = buildContext(process.stderr, signal, options.mirrors)
  const outcomes: CaseOutcome[] = []
  for (const defect of await listCases(options.kernel.name, options.only)) {
    process.stderr.write(`selftest: ${defect.id}\n`)
    outcomes.push(await tryCase(defect, options, context))
    signal.throwIfAborted()
  }
  const exit = exitOf(outcomes)
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(documentOf(options.kernel.name, outcomes, exit), null, 2)}\n`
      : describe(outcomes),
  )
  return exit
}

async function tryCase(
  defect: SelftestCase,
  { kernel, time, seed, runs }: SelftestOptions,
  context: BuildContext,
): Promise<CaseOutcome> {
  const { scenario, busted } = defect
  const broken = { ...kernel, patches: [...kernel.patches, ...defect.patches] }
  const attempts: Attempt[] = []
  for (const seconds of [Math.min(firstSeconds, time), time - firstSeconds]) {
    if (seconds < 1) break
    const options = {
      scenario,
      kernel: broken,
      busted,
      time: seconds,
      ...(seed !== undefined && { seed }),
    }
    const { result, extras } = await runScenario(options, runs, context)
    attempts.push({ result, console: extras.console })
    if (judgeCase(defect, attempts).outcome === 'caught') break
  }
  return judgeCase(defect, attempts)
}

function exitOf(outcomes: readonly CaseOutcome[]): number {
  if (outcomes.some(({ outcome, unexplained }) => outcome === 'missed' || unexplained.length > 0))
    return exitStatus.fail
  return outcomes.some(({ outcome }) => outcome === 'error') ? exitStatus.noVerdict : exitStatus.pass
}

function documentOf(kernel: string, cases: readonly CaseOutcome[], exit: number): object {
  const caught = cases.filter(({ outcome }) => outcome === 'caught').length
  return { schema: 1, exit, kernel, caught, of: cases.length, medianSeconds: medianSeconds(cases), cases }
}

function describe(outcomes: readonly CaseOutcome[]): string {
  const rows = outcomes.map(({ id, scenario, expected, fired, outcome, unexplained, ...rest }) => [
    ...[id, scenario, expected.join(' or '), fired.join(' ') || '-'],
    rest.secondsToDetection === null ? '-' : `${rest.secondsToDetection.toFixed(1)} s`,
    outcome + (unexplained.length > 0 ? `, but not ${unexplained.join(' ')}` : ''),
  ])
  const caught = outcomes.filter(({ outcome }) => outcome === 'caught').length
  const median = medianSeconds(outcomes)
  const total = `${String(caught)} of ${String(outcomes.length)} caught${median === null ? '' : `, median ${median.toFixed(1)} s`}`
  return `${formatTable([['defect', 'scenario', 'expected', 'fired', 'found after', 'outcome'], ...rows])}\n\n${total}\n`
}
