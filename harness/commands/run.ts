import type { BuildContext } from '../../vms/cache.js'
import { readKernelName } from '../../vms/kernels/kernel-name.js'
import type { Mirrors } from '../../vms/apt-root.js'
import { rememberFlavour } from '../../vms/kernels/known-flavours.js'
import type { JobListener } from '../campaign/executor.js'
import { evidenceFiles } from '../report/evidence-files.js'
import { printable } from '../report/figures.js'
import { renderHtml } from '../report/html.js'
import type { ReportExtras } from '../report/extras.js'
import { summarize } from '../report/summary.js'
import { planRun, type MachineRequest, type PlanOptions, type RunPlan } from '../scenario/plan.js'
import type { ResultAutopsy, ResultDocument } from '../verdict/result.js'
import { doubtedFor, spoiltBy } from '../verdict/verdict.js'
import { autopsyFolder, dropKnownDump, dumpName } from '../store/known-dumps.js'
import { readRunConsole } from '../store/run-papers.js'
import { examineSaved } from '../target/standing-guest.js'
import { createRunRecord, type RunRecord } from '../store/run-record.js'
import type { Recovery } from '../store/trace-remains.js'
import type { Autopsy } from '../target/autopsy/autopsy.js'
import { buildContext, ratesOf, showRunProgress, type RunProgress } from './progress.js'
import { repeatCommand } from './repeat-command.js'
import { judgeRun } from './judge-run.js'
import { LoadSamples } from './load-samples.js'
import { extrasOf } from './report-extras.js'
import { runGuest, type Aftermath } from './run-guest.js'

export interface RunOptions extends PlanOptions {
  /** Where Debian is downloaded from, instead of what this host's apt says. */
  readonly mirrors: Mirrors | undefined
  /** The result document on stdout. */
  readonly json?: boolean
  /** Folder that gets the run's folder. */
  readonly runs: string
}

/** Runs one scenario on one kernel, judges it and reports. The exit status is the verdict's. */
export async function runCommand(options: RunOptions, signal: AbortSignal): Promise<number> {
  const context = buildContext(process.stderr, signal, options.mirrors)
  const { result, extras } = await runScenario(options, options.runs, context)
  process.stdout.write(options.json === true ? toJson(result) : summarize(result, extras))
  return result.exit
}

/** Hears how a run goes on. */
export type RunListener = Pick<JobListener, 'onPhase' | 'onLoad' | 'onFinding'>

/** Who else hears of a run. */
export interface RunAudience {
  readonly listener?: RunListener
  /** Other runs tell of their progress on this terminal meanwhile. */
  readonly isOneOfMany?: boolean
}

/** Runs and judges; all of it is in a new folder below `runs` afterwards. */
export async function runScenario(
  options: PlanOptions,
  runs: string,
  context: BuildContext,
  { listener, isOneOfMany = false }: RunAudience = {},
): Promise<{ result: ResultDocument; extras: ReportExtras }> {
  const plan = planRun(options)
  const progress = showRunProgress(process.stderr, plan.scenario.name, !isOneOfMany)
  const repeat = repeatCommand(options.scenario, plan)
  return runPlanned(plan, { repeat, runs, progress, ...(listener && { listener }) }, context)
}

export interface RunSetting {
  /** The command that repeats the run. */
  readonly repeat: string
  readonly runs: string
  readonly progress: RunProgress
  readonly listener?: RunListener
}

/** The same, of a plan that stands already. */
export async function runPlanned(
  plan: RunPlan,
  setting: RunSetting,
  context: BuildContext,
): Promise<{ result: ResultDocument; extras: ReportExtras }> {
  const { repeat, runs } = setting
  if (plan.machine === undefined || plan.machine.isKernelNamed) readKernelName(plan.kernel.name)
  const record = await createRunRecord(runs, plan.scenario.name, String(plan.seed), new Date())
  const parameters = { ...parametersOf(plan), repeat }
  await record.writeJson('run', parameters)
  const hopeless = record.failure()
  if (hopeless !== undefined) throw hopeless
  const samples = new LoadSamples(plan)
  const aftermath = await tortureWithProgress(plan, record, context, { samples, ...setting })
  await record.closeConsole()
  const console = await readRunConsole(record.folder)
  const run = { ...parameters, ...factsOf(plan, aftermath) }
  await record.writeJson('run', run)
  const load = samples.finish(aftermath.end.progress)
  if (aftermath.end.progress !== undefined) await record.writeJson('load', load)
  const { result: judged, oracle, timeline } = await judgeRun(plan, record.folder, aftermath, console)
  const told = await withAutopsy(judged, plan, aftermath)
  const result = (await fromDamaged(aftermath, told, context)) ?? told
  await noteFlavour(aftermath, result)
  const extras = extrasOf({ folder: record.folder, run, oracle, events: timeline, load, console })
  await record.writeJson('verdict', result)
  await record.writeText('report.html', renderHtml(result, extras))
  for (const { name, text } of evidenceFiles(result, extras)) await record.writeText(name, text)
  const unkept = record.failure()
  return { result: unkept === undefined ? result : spoiltBy(unkept, result), extras }
}

/** The result of a guest that was not what was saved, if so; one that passed is none. */
async function fromDamaged(
  { savedIn }: Aftermath,
  result: ResultDocument,
  context: BuildContext,
): Promise<ResultDocument | undefined> {
  if (savedIn === undefined || result.verdict === 'PASS') return undefined
  const damage = await examineSaved(savedIn, context)
  return damage && doubtedFor(damage, result)
}

async function withAutopsy(
  result: ResultDocument,
  { dump }: RunPlan,
  { end, recovered }: Aftermath,
): Promise<ResultDocument> {
  if (end.autopsy === undefined) return result
  const autopsy = autopsyFacts(end.autopsy, recovered)
  const { files } = autopsy
  const hasDump = files.includes(dumpName)
  const dumpIn = hasDump && dump !== 'always' ? await dropKnownDump(result.run, result) : undefined
  if (dumpIn === undefined) return { ...result, autopsy }
  const others = files.filter((name) => name !== dumpName)
  return { ...result, autopsy: { ...autopsy, files: others, dumpIn } }
}

function autopsyFacts({ files, missing }: Autopsy, recovered: readonly Recovery[]): ResultAutopsy {
  return { folder: autopsyFolder, files, missing, ...(recovered.length > 0 && { recovered }) }
}

/** For `kernel list`; a rebuilt nfsd.ko says nothing about the kernel's own. */
async function noteFlavour({ kernel }: Aftermath, { kernel: { flavour } }: ResultDocument): Promise<void> {
  if (kernel === undefined || kernel.nfsd !== undefined || flavour === 'unknown') return
  await rememberFlavour(kernel.kernel.hash, flavour)
}

function toJson(result: ResultDocument): string {
  return JSON.stringify(result, null, 2) + '\n'
}

async function tortureWithProgress(
  plan: RunPlan,
  record: RunRecord,
  context: BuildContext,
  { samples, listener, progress }: RunSetting & { readonly samples: LoadSamples },
): Promise<Aftermath> {
  try {
    return await runGuest(plan, record, context, {
      onPhase: (name) => {
        progress.phase(name)
        listener?.onPhase(name)
      },
      onNotice: (notice) => {
        if (notice.notice === 'progress') {
          samples.push(notice.progress)
          progress.load(notice.progress, plan.scenario.seconds)
          listener?.onLoad(ratesOf(notice.progress))
        }
        if (notice.notice === 'step') progress.step(notice.text)
      },
      onFinding: ({ signature, says, second }) => {
        progress.finding(`found after ${second.toFixed(1)} s of load: ${printable(`${signature}: ${says}`)}`)
        listener?.onFinding({ signature, says, second })
      },
    })
  } finally {
    progress.end()
  }
}

/** Every parameter of the run, for run.json. */
function parametersOf(plan: RunPlan) {
  const { scenario, kernel, seed, busted, clientsOnly, untilFinding, deterministic, pct, machine } = plan
  return {
    schema: 1,
    scenario,
    seed: String(seed),
    busted,
    clientsOnly,
    untilFinding,
    deterministic,
    pct,
    kernel,
    machine: machine && withoutHooks(machine),
    fctorture: { node: process.version },
  }
}

/** Commands that reach a machine's power switch may hold a password. */
function withoutHooks(machine: MachineRequest): Omit<MachineRequest, 'hooks'> {
  return { ...machine, hooks: undefined } as Omit<MachineRequest, 'hooks'>
}

/** What only the run itself could tell. */
function factsOf(
  { kernel: wanted }: RunPlan,
  { kernel, clientKernel, running, inputs, deterministic, target, end, recovered }: Aftermath,
): Record<string, unknown> {
  return {
    kernel: {
      ...wanted,
      release: end.prepared?.release ?? kernel?.kernel.release,
      hash: kernel?.hash ?? running?.hash,
      packages: kernel?.kernel.packages,
      build: kernel?.way ?? running?.build,
      nfsd: end.prepared?.nfsd,
    },
    target,
    clientKernel: clientKernel && { release: clientKernel.kernel.release, hash: clientKernel.hash },
    inputs,
    deterministicInputs: deterministic,
    preemption: end.prepared?.preemption,
    capabilities: end.prepared?.capabilities,
    filecache: end.finished?.filecache,
    leftovers: end.finished?.leftovers,
    failure: end.failure && {
      code: end.failure.code,
      message: end.failure.message,
      detail: end.failure.detail,
    },
    autopsy: end.autopsy && autopsyFacts(end.autopsy, recovered),
    stream: end.spool && { complete: end.spool.complete, damage: end.spool.damage },
  }
}
