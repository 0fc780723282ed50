import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from '../fct-error.js'
import { compareRuns, requireSame, type Sameness } from '../replay/compare.js'
import { readStoredRun, type StoredRun } from '../replay/stored-run.js'
import type { Mirrors } from '../../vms/apt-root.js'
import type { BuildContext } from '../../vms/cache.js'
import type { ResultDocument } from '../verdict/result.js'
import { exitStatus } from './exit-status.js'
import { buildContext, showRunProgress } from './progress.js'
import { runPlanned } from './run.js'
import { debugRun } from './debug-run.js'
import { inputsOfPlan, replayStarterOf } from './start-deterministic.js'

export interface ReplayOptions {
  /** Keep QEMU's recording in the folder of the run. */
  readonly record?: boolean
  /** gdb on the recording, which is made if there is none; a text is the path of commands for it. */
  readonly gdb?: boolean | string
  readonly json?: boolean
  readonly runs: string
  readonly mirrors: Mirrors | undefined
}

/** Runs a run again: the very same if it was deterministic, else one with the same command. */
export async function replayCommand(
  folder: string,
  options: ReplayOptions,
  signal: AbortSignal,
): Promise<number> {
  const { gdb = false, record = false } = options
  const context = buildContext(process.stderr, signal, options.mirrors)
  const stored = await readStoredRun(folder)
  if (stored.inputs === undefined && (record || gdb !== false))
    throw new UsageError(
      'FCT_REPLAY_UNRECORDED',
      `${folder} was not deterministic: there is nothing to record`,
    )
  if (stored.inputs !== undefined) requireSame(stored.inputs, await inputsOfPlan(stored.plan, context))
  else process.stderr.write(`${folder} was not deterministic: its command is repeated, which is no replay\n`)
  const recording = resolve(folder, recordingName)
  if (gdb === false) return repeat(folder, stored, { ...options, ...(record && { recording }) }, context)
  if (record || !existsSync(recording)) {
    const again = await repeat(folder, stored, { ...options, recording }, context)
    if (again !== exitStatus.pass) return again
  }
  return debugRun(await replayStarterOf(stored.plan, recording, context), gdb === true ? '' : gdb)
}

/** What QEMU has to know to do the same while somebody looks. */
const recordingName = 'recording.rr'

/** A recording stays only if the run was the same while it was made. */
async function repeat(
  folder: string,
  stored: StoredRun,
  { json, runs, recording }: ReplayOptions & { readonly recording?: string },
  context: BuildContext,
): Promise<number> {
  const progress = showRunProgress(process.stderr, stored.plan.scenario.name, true)
  const unproven = recording === undefined ? undefined : `${recording}.new`
  const plan = { ...stored.plan, ...(unproven !== undefined && { recordInto: unproven }) }
  const { result } = await runPlanned(plan, { repeat: stored.repeat, runs, progress }, context)
  const document = await compare(folder, stored, result)
  if (recording !== undefined && unproven !== undefined) {
    if (document.exit === exitStatus.pass) await rename(unproven, recording)
    else await rm(unproven, { force: true })
  }
  process.stdout.write(json === true ? `${JSON.stringify(document, null, 2)}\n` : describe(document))
  return document.exit
}

interface ReplayDocument {
  readonly schema: 1
  readonly exit: number
  readonly replayed: string
  readonly run: string
  readonly verdict: string
  /** Null: it was not deterministic, and they are not expected to be. */
  readonly identical: Sameness | null
  readonly findings: { readonly then: readonly string[]; readonly now: readonly string[] }
}

async function compare(
  replayed: string,
  { inputs, findings: then }: StoredRun,
  result: ResultDocument,
): Promise<ReplayDocument> {
  const findings = { then, now: result.findings.map(({ signature }) => signature).sort() }
  const identical = inputs === undefined ? null : await compareRuns(replayed, result.run)
  const isAgain =
    identical === null
      ? findings.then.join('\n') === findings.now.join('\n')
      : identical.console && identical.stream
  const { run, verdict } = result
  const exit = isAgain ? exitStatus.pass : exitStatus.fail
  return { schema: 1, exit, replayed, run, verdict, identical, findings }
}

function describe({ identical, findings, verdict, run }: ReplayDocument): string {
  const sameness =
    identical === null
      ? 'The run was not deterministic; it was repeated.'
      : `Console ${sameOrNot(identical.console)}, event stream ${sameOrNot(identical.stream)}.`
  const found = findings.now.length === 0 ? 'Nothing was found.' : `Found: ${findings.now.join(', ')}.`
  const then = findings.then.length === 0 ? 'nothing' : findings.then.join(', ')
  return `${sameness}\n${verdict}. ${found} Then it was ${then}.\nRun  ${run}\n`
}

function sameOrNot(isSame: boolean): string {
  return isSame ? 'identical' : 'DIFFERENT'
}
