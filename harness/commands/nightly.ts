import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Mirrors } from '../../vms/apt-root.js'
import { collectGarbage } from '../../vms/cache-gc.js'
import { endOwnUse } from '../../vms/cache-use.js'
import type { Executor } from '../campaign/executor.js'
import { describeForecast, forecast } from '../campaign/forecast.js'
import { summarizeNight, type NightSummary } from '../campaign/night-summary.js'
import { describeNight } from '../campaign/night-text.js'
import type { NightJudgement } from '../campaign/judge-nights.js'
import { composeNotice } from '../campaign/notice.js'
import { readPlan, type CampaignPlan } from '../campaign/plan.js'
import { openNight, runCampaign } from '../campaign/run-campaign.js'
import { UsageError } from '../fct-error.js'
import { lockCampaigns } from '../store/campaign-lock.js'
import { HistoryReader } from '../store/history.js'
import { HistoryWriter } from '../store/history-writer.js'
import { pruneRuns, type Removed } from '../store/retention.js'
import { checkCampaignOutputs, writeCampaignOutputs, type CampaignOutputOptions } from './campaign-outputs.js'
import { showCampaignProgress } from './campaign-progress.js'
import { exitStatus } from './exit-status.js'
import { localExecutor } from './local-executor.js'
import { machineAddressOf, type AddressOptions } from './machine-options.js'
import { formatSize } from './parse-size.js'
import { buildContext } from './progress.js'
import { slurmExecutor, type SlurmArguments } from './slurm-options.js'

export interface NightlyOptions extends SlurmArguments, CampaignOutputOptions, AddressOptions {
  readonly executor: 'local' | 'slurm'
  readonly mirrors: Mirrors | undefined
  readonly dryRun?: boolean
  readonly fresh?: boolean
  readonly seed?: number
  readonly json?: boolean
  /** The history's file. */
  readonly store: string
  readonly runs: string
}

/** Runs a night of a plan, or goes on with one, and judges it against those before. */
export async function nightlyCommand(
  path: string,
  options: NightlyOptions,
  signal: AbortSignal,
): Promise<number> {
  checkCampaignOutputs(options, options.json === true)
  const plan = readPlan(path, (name) => machineAddressOf(name, options))
  if (options.executor === 'slurm') refuseMachines(plan)
  if (options.dryRun === true) return dryRun(plan, options)
  const unlock = lockCampaigns(options.store)
  const store = new HistoryWriter(options.store)
  try {
    const summary = await runNight(plan, store, options, signal)
    const { judgement, exit } = await writeCampaignOutputs(store, summary.campaign, options, {
      plan: path,
      signal,
    })
    const { json, store: file } = options
    const document = { schema: 1, ...summary, exit, judgement, store: file }
    process.stdout.write(
      json === true ? toJson(document) : describeNight(summary, changesIn(judgement), file),
    )
    return exit
  } finally {
    store.close()
    unlock()
  }
}

/** What is news, in words. */
function changesIn(judgement: NightJudgement): string[] {
  return composeNotice(judgement)?.changes.map(({ says }) => says) ?? []
}

async function runNight(
  plan: CampaignPlan,
  store: HistoryWriter,
  options: NightlyOptions,
  signal: AbortSignal,
): Promise<NightSummary> {
  const { fresh = false, seed } = options
  const executor = executorOf(plan, options, signal)
  const now = new Date()
  // The history is read from anywhere.
  const runs = resolve(options.runs)
  const choice = { fresh, now, ...(seed !== undefined && { seed }) }
  const campaign = openNight(plan, store, choice)
  const observer = showCampaignProgress(process.stderr, campaign)
  try {
    await runCampaign(plan, campaign, { store, executor, runs, signal, observer })
  } finally {
    // Also of a night that a full disk has ended. Nodes of a cluster may use a cache that is shared, and nobody here knows.
    if (options.executor === 'local') await boundCache(plan.document.keep.cacheGigabytes * 1e9)
  }
  noteRemoved(await pruneRuns(store, { runs, policy: plan.keep, now }))
  return summarizeNight(
    store,
    store.campaign(campaign.id),
    plan.cells.map(({ key }) => key),
  )
}

function refuseMachines({ machines }: CampaignPlan): void {
  const [machine] = machines.keys()
  if (machine !== undefined)
    throw new UsageError(
      'FCT_SLURM_TARGETS',
      `the nodes of a cluster do not reach ${machine}: they run guests`,
    )
}

function executorOf({ machines }: CampaignPlan, options: NightlyOptions, signal: AbortSignal): Executor {
  const { executor, mirrors } = options
  const context = buildContext(process.stderr, signal, mirrors)
  return executor === 'slurm' ? slurmExecutor(options, context) : localExecutor(context, machines)
}

/** No run goes on here any more. */
async function boundCache(limitBytes: number): Promise<void> {
  await endOwnUse()
  const { removed } = await collectGarbage({ limitBytes, isDryRun: false })
  if (removed.length === 0) return
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0)
  process.stderr.write(`removed from the cache: ${String(removed.length)} (${formatSize(bytes)})\n`)
}

function noteRemoved(removed: readonly Removed[]): void {
  if (removed.length === 0) return
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0)
  process.stderr.write(`${String(removed.length)} old run folders removed (${formatSize(bytes)})\n`)
}

function dryRun(plan: CampaignPlan, { store: path, json }: NightlyOptions): number {
  const store = existsSync(path) ? new HistoryReader(path) : undefined
  try {
    const foreseen = forecast(plan, store)
    process.stdout.write(json === true ? toJson({ schema: 1, ...foreseen }) : describeForecast(foreseen))
    return exitStatus.pass
  } finally {
    store?.close()
  }
}

function toJson(document: object): string {
  return JSON.stringify(document, null, 2) + '\n'
}
