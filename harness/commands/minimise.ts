import { createHash } from 'node:crypto'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { stringify } from 'yaml'
import type { Mirrors } from '../../vms/apt-root.js'
import type { BuildContext } from '../../vms/cache.js'
import { rateOf } from '../campaign/rate.js'
import { UsageError } from '../fct-error.js'
import { openJournal, replayInto, type Journal } from '../replay/journal.js'
import { Minimiser, type Goal, type Minimum, type Trial } from '../replay/minimise.js'
import { describeMinimum, rateText, type MinimiseDocument } from '../replay/minimum-text.js'
import { readRecordedRun, signatureIn, type RecordedRun } from '../replay/recorded-run.js'
import { sizeOf } from '../replay/reductions.js'
import { reproducerOf } from '../replay/reproducer.js'
import { outcomeOf } from '../replay/run-outcome.js'
import type { PlanOptions } from '../scenario/plan.js'
import type { Scenario } from '../scenario/scenario.js'
import { perDeterministicGuest, perGuest, runPool } from '../target/pool.js'
import type { ResultDocument } from '../verdict/result.js'
import { decideJobs } from './decide-jobs.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { runScenario } from './run.js'

export interface MinimiseOptions {
  readonly signature?: string
  readonly rate?: number
  /** Seconds. */
  readonly budget: number
  readonly output?: string
  /** Guests at a time; as many as this host can have if not given. */
  readonly jobs?: number
  readonly json?: boolean
  readonly mirrors: Mirrors | undefined
}

/** With so much of the budget used, what was found is confirmed. */
const lateShare = 0.7
const ratio = 2
const error = 0.05

/** Everything of one search. */
interface Setting {
  readonly recorded: RecordedRun
  readonly signature: string
  readonly folder: string
  readonly jobs: number
  readonly context: BuildContext
  readonly journal: Journal
}

/** @returns 0 if the scenario is confirmed, else 125 */
export async function minimiseCommand(
  run: string,
  options: MinimiseOptions,
  signal: AbortSignal,
): Promise<number> {
  const recorded = await readRecordedRun(run)
  if (recorded.machine !== undefined)
    throw new UsageError(
      'FCT_MINIMISE_TARGET',
      `that was found on ${recorded.machine}; only guests run so often`,
    )
  const signature = signatureIn(recorded.result, options.signature)
  const folder = options.output ?? join(run, 'minimise')
  const goal: Goal = { rate: options.rate, ratio, error }
  const journal = await openJournal(folder, { schema: 1, signature, goal, from: resolve(run) })
  const context = buildContext(process.stderr, signal, options.mirrors)
  const jobs = decideJobs('minimise', options.jobs, recorded.deterministic ? perDeterministicGuest : perGuest)
  const setting = { recorded, signature, folder, jobs, context, journal }
  const search = new Minimiser(recorded.scenario, goal)
  replayInto(search, journal.entries)
  if (journal.entries.length > 0) {
    await journal.append({ hurry: false })
    search.takeTime()
  }
  await searchOn(search, setting, options.budget)
  const document = await writeDown(search.result(), setting)
  process.stdout.write(
    options.json === true ? `${JSON.stringify(document, null, 2)}\n` : describeMinimum(document),
  )
  return document.exit
}

async function searchOn(search: Minimiser, setting: Setting, budget: number): Promise<void> {
  const began = Date.now()
  const used = (): number => (Date.now() - began) / 1000 / budget
  let isLate = false
  for (let trial = search.next(); trial !== undefined && used() < 1; trial = search.next()) {
    if (used() > lateShare && !isLate) {
      isLate = true
      await setting.journal.append({ hurry: true })
      search.hurry()
      continue
    }
    await runTrials(search, trial, setting)
  }
}

/** Runs one trial several times at once. What comes behind its decision was not asked for, and nothing of it stays. */
async function runTrials(search: Minimiser, trial: Trial, setting: Setting): Promise<void> {
  const { signature, folder, jobs, context, journal } = setting
  process.stderr.write(`minimise: ${trial.phase}${trial.tries.map((id) => `, ${id}`).join('')}\n`)
  const scenario = await writeScenario(folder, trial.scenario)
  const results = await runPool(Array<string>(jobs).fill(scenario), jobs, (path) =>
    runTrial(path, trial, setting),
  )
  context.signal.throwIfAborted()
  for (const result of results) {
    if (!isDeepStrictEqual(search.next(), trial)) {
      await rm(result.run, { recursive: true })
      continue
    }
    const outcome = outcomeOf(result, signature)
    process.stderr.write(`minimise: ${outcome === 'none' ? 'no verdict' : outcome}\n`)
    await journal.append({ outcome, run: result.run })
    search.observe(outcome)
    // Traces of a hundred runs fill a disk; those of the result, and of runs to be looked into, are kept.
    if (trial.phase !== 'confirm' && outcome !== 'none')
      await rm(join(result.run, 'trace.dat'), { force: true })
  }
}

async function runTrial(
  path: string,
  { scenario }: Trial,
  { recorded, folder, jobs, context }: Setting,
): Promise<ResultDocument> {
  const options = { scenario: path, ...conditionsOf(recorded, scenario) }
  const { result } = await runScenario(options, join(folder, 'runs'), context, { isOneOfMany: jobs > 1 })
  return result
}

/** Strategy pct has nothing to do in a scenario that has lost its last injection point. */
function conditionsOf(
  { kernel, busted, deterministic, pct }: RecordedRun,
  { inject }: Scenario,
): Omit<PlanOptions, 'scenario'> {
  return { kernel, busted, deterministic, ...(inject && { pct }) }
}

/** Named by what is in it, so that the command that repeats a run means the same for ever. */
async function writeScenario(folder: string, scenario: Scenario): Promise<string> {
  const text = stringify(scenario)
  const name = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const scenarios = join(folder, 'scenarios')
  await mkdir(scenarios, { recursive: true })
  const path = join(scenarios, `${name}.yaml`)
  await writeFile(path, text)
  return path
}

async function writeDown(
  minimum: Minimum,
  { recorded, signature, folder }: Setting,
): Promise<MinimiseDocument> {
  const { ending, scenario, removed, needed, wanted, runs } = minimum
  const before = rateOf(minimum.before)
  const after = minimum.after && rateOf(minimum.after)
  const paths = { scenario: join(folder, 'minimal.yaml'), reproducer: join(folder, 'reproducer.sh') }
  await writeFile(paths.scenario, stringify(scenario))
  const { kernel, seed, release, deterministic } = recorded
  const about = [
    `Seen on ${release ?? kernel.name} (${[kernel.name, ...kernel.patches].join(' with ')}, ${kernel.profile}).`,
    ...(deterministic
      ? ['Seen on one CPU, which the kernel preempts anywhere: maxcpus=1 preempt=full.']
      : []),
    `With fctorture's own clients it fails in ${rateText(after ?? before)}.`,
  ]
  await writeFile(paths.reproducer, reproducerOf({ scenario, signature, seed, about }))
  await chmod(paths.reproducer, 0o755)
  return {
    ...{
      schema: 1,
      exit: ending === 'confirmed' ? exitStatus.pass : exitStatus.noVerdict,
      ending,
      signature,
    },
    ...{ wanted, ratio, error, before, after, runs, removed, needed },
    size: { before: sizeOf(recorded.scenario), after: sizeOf(scenario) },
    ...paths,
  }
}
