import { rm } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import type { Mirrors } from '../../vms/apt-root.js'
import type { BuildContext } from '../../vms/cache.js'
import { describePct } from '../replay/pct-bound.js'
import { summarizeSearch, type SearchResult, type SeedOutcome } from '../replay/search-result.js'
import { trySeeds, type SeedRange } from '../replay/seed-range.js'
import { printable } from '../report/figures.js'
import { formatTable } from '../report/text-table.js'
import { planRun, type PlanOptions, type RunPlan } from '../scenario/plan.js'
import { perDeterministicGuest } from '../target/pool.js'
import { decideJobs } from './decide-jobs.js'
import { buildContext, type RunProgress } from './progress.js'
import { repeatCommand } from './repeat-command.js'
import { runPlanned } from './run.js'
import { inputsOfPlan } from './start-deterministic.js'

export interface SearchOptions extends Omit<PlanOptions, 'seed' | 'deterministic' | 'untilFinding'> {
  readonly seeds: SeedRange
  /** Try all, whatever is found. */
  readonly all?: boolean
  /** Guests at a time; as many as this host can have if not given. */
  readonly jobs?: number
  readonly json?: boolean
  readonly runs: string
  readonly mirrors: Mirrors | undefined
}

/** Tries one seed after the other, all from one saved guest, on all CPUs. Only runs that did not pass are kept. */
export async function searchCommand(options: SearchOptions, signal: AbortSignal): Promise<number> {
  const { scenario, seeds, all, json, kernel } = options
  const context = buildContext(process.stderr, signal, options.mirrors)
  const planOf = (seed: number): RunPlan => planRun({ ...options, seed, deterministic: true })
  // Makes what they go on from.
  await inputsOfPlan(planOf(seeds.first), context)
  const began = performance.now()
  const outcomes = await trySeeds(
    seeds,
    decideJobs('search', options.jobs, perDeterministicGuest),
    (seed) => trySeed(planOf(seed), options, context),
    ({ verdict }) => signal.aborted || (verdict === 'FAIL' && all !== true),
  )
  signal.throwIfAborted()
  const result = summarizeSearch(outcomes, (performance.now() - began) / 60_000)
  const strategy = options.pct === undefined ? 'random' : 'pct'
  const document = { schema: 1, scenario, kernel: kernel.name, strategy, seeds, ...result }
  process.stdout.write(json === true ? `${JSON.stringify(document, null, 2)}\n` : describe(result))
  return result.exit
}

const silent: RunProgress = {
  phase: () => undefined,
  step: () => undefined,
  load: () => undefined,
  finding: () => undefined,
  end: () => undefined,
}

async function trySeed(
  plan: RunPlan,
  { scenario, runs }: SearchOptions,
  context: BuildContext,
): Promise<SeedOutcome> {
  const repeat = repeatCommand(scenario, plan)
  const { result } = await runPlanned(plan, { repeat, runs, progress: silent }, context)
  const { verdict, findings, reasons, run, pct } = result
  if (verdict === 'PASS') await rm(run, { recursive: true })
  const said = reasons.map(({ message }) => printable(message.split('\n')[0] ?? '')).join('; ')
  process.stderr.write(`seed ${String(plan.seed)}: ${verdict}${said === '' ? '' : `: ${said}`}\n`)
  const kept = verdict === 'PASS' ? null : run
  return { seed: plan.seed, verdict, findings, reasons, run: kept, ...(pct && { pct }) }
}

function describe({ tried, perMinute, verdicts, findings, pct }: SearchResult): string {
  const counts = Object.entries(verdicts).filter(([, count]) => count > 0)
  const said = counts.map(([verdict, count]) => `${String(count)} ${verdict}`).join(', ')
  const rows = findings.map(({ signature, seeds, run }) => {
    return [printable(signature), String(seeds.length), String(seeds[0]), run ?? '']
  })
  const table =
    rows.length === 0 ? '' : `${formatTable([['finding', 'seeds', 'first', 'its run'], ...rows])}\n\n`
  const bound = pct === undefined ? '' : `${describePct(pct, { hits: verdicts.FAIL, tried })}\n`
  return `${table}${String(tried)} seeds, ${perMinute.toFixed(1)} a minute: ${said}\n${bound}`
}
