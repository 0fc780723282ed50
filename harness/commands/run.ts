import { join } from 'node:path'
import type { LoadStats, Op } from '../../addon/index.js'
import type { BuildContext } from '../../vms/cache.js'
import { readKernelName } from '../../vms/kernels/kernel-name.js'
import type { Mirrors } from '../../vms/apt-root.js'
import { rememberFlavour } from '../../vms/kernels/known-flavours.js'
import type { Finding } from '../oracle/findings.js'
import type { ObjectLife } from '../oracle/object-life.js'
import type { JobListener } from '../campaign/executor.js'
import { evidenceFiles } from '../report/evidence-files.js'
import { printable } from '../report/figures.js'
import { renderHtml } from '../report/html.js'
import type { ReportExtras } from '../report/extras.js'
import { summarize } from '../report/summary.js'
import { planRun, type PlanOptions, type RunPlan } from '../scenario/plan.js'
import type { ResultDocument } from '../verdict/result.js'
import { spoiltBy } from '../verdict/verdict.js'
import { createRunRecord, type RunRecord } from '../store/run-record.js'
import { buildContext, ratesOf, showRunProgress } from './progress.js'
import { repeatCommand } from './repeat-command.js'
import { judgeRun, type Judgement } from './judge-run.js'
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

/** Runs and judges; all of it is in a new folder below `runs` afterwards. */
export async function runScenario(
  options: PlanOptions,
  runs: string,
  context: BuildContext,
  listener?: RunListener,
): Promise<{ result: ResultDocument; extras: ReportExtras }> {
  const plan = planRun(options)
  if (plan.machine === undefined || plan.machine.isKernelNamed) readKernelName(plan.kernel.name)
  const record = await createRunRecord(runs, plan.scenario.name, String(plan.seed), new Date())
  const repeat = repeatCommand(options.scenario, plan)
  const parameters = { ...parametersOf(plan), repeat }
  await record.writeJson('run', parameters)
  const hopeless = record.failure()
  if (hopeless !== undefined) throw hopeless
  const aftermath = await tortureWithProgress(plan, record, context, listener)
  const console = await record.closeConsole()
  await record.writeJson('run', { ...parameters, ...factsOf(plan, aftermath) })
  const judgement = await judgeRun(plan, record.folder, aftermath, console)
  const { result } = judgement
  await noteFlavour(aftermath, result)
  const extras = extrasOf(record, plan, judgement, aftermath, { console, repeat })
  await record.writeJson('verdict', result)
  await record.writeText('report.html', renderHtml(result, extras))
  for (const { name, text } of evidenceFiles(result, extras)) await record.writeText(name, text)
  const unkept = record.failure()
  return { result: unkept === undefined ? result : spoiltBy(unkept, result), extras }
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
  listener: RunListener | undefined,
): Promise<Aftermath> {
  const progress = showRunProgress(process.stderr, plan.scenario.name)
  try {
    return await runGuest(plan, record, context, {
      onPhase: (name) => {
        progress.phase(name)
        listener?.onPhase(name)
      },
      onNotice: (notice) => {
        if (notice.notice === 'progress') {
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
function parametersOf({ scenario, kernel, seed, busted, machine }: RunPlan): Record<string, unknown> {
  return {
    schema: 1,
    scenario,
    seed: String(seed),
    busted,
    kernel,
    machine,
    fctorture: { node: process.version },
  }
}

/** What only the run itself could tell. */
function factsOf(
  { kernel: wanted }: RunPlan,
  { kernel, running, inputs, target, end }: Aftermath,
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
    inputs,
    capabilities: end.prepared?.capabilities,
    filecache: end.finished?.filecache,
    leftovers: end.finished?.leftovers,
    failure: end.failure && {
      code: end.failure.code,
      message: end.failure.message,
      detail: end.failure.detail,
    },
    stream: end.spool && { complete: end.spool.complete, damage: end.spool.damage },
  }
}

/** What the report shows beside the result document. */
function extrasOf(
  record: RunRecord,
  plan: RunPlan,
  { oracle }: Judgement,
  { end, target }: Aftermath,
  said: Pick<ReportExtras, 'console' | 'repeat'>,
): ReportExtras {
  return {
    reportPath: join(record.folder, 'report.html'),
    operations: end.progress === undefined ? {} : onlyPlanned(plan, end.progress.clients.operations),
    errors: namedErrors(end.progress?.clients.errors ?? {}),
    pairs: plan.scenario.exposure,
    notes: oracle.notes,
    parameters: flatten({ ...plan, target }),
    ...said,
    lives: livesBySignature(oracle.findings),
    splats: oracle.splats,
  }
}

function livesBySignature(findings: readonly Finding[]): Map<string, ObjectLife> {
  return new Map(findings.flatMap(({ signature, life }) => (life ? [[signature, life] as const] : [])))
}

function onlyPlanned(
  { scenario: { clients, churn } }: RunPlan,
  operations: LoadStats['operations'],
): Partial<LoadStats['operations']> {
  const isPlanned = (name: Op): boolean => [clients, churn].some((load) => (load?.mix[name] ?? 0) > 0)
  return Object.fromEntries(Object.entries(operations).filter(([name]) => isPlanned(name as Op)))
}

/** "unlink ENOENT" */
function namedErrors(errors: LoadStats['errors']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([operation, counts]) =>
      Object.entries(counts).map(([code, count]) => [`${operation} ${code}`, count] as const),
    ),
  )
}

/** Nested parameters as "scenario.stressors.close.gap_us". */
function flatten(value: object, prefix = ''): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {}
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const name = `${prefix}${key}`
    if (Array.isArray(inner)) flat[name] = inner.join(', ')
    else if (typeof inner === 'object' && inner !== null) Object.assign(flat, flatten(inner, `${name}.`))
    else if (['string', 'number', 'boolean'].includes(typeof inner))
      flat[name] = inner as string | number | boolean
  }
  return flat
}
