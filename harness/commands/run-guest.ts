import { join } from 'node:path'
import type { BuildContext } from '../../vms/cache.js'
import type { KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { TraceMetadata } from '../agent/protocol.js'
import type { LiveReport } from '../verdict/compose-result.js'
import type { RunPlan } from '../scenario/plan.js'
import { FctError, messageOf } from '../fct-error.js'
import { autopsyFolder } from '../store/known-dumps.js'
import type { RunRecord } from '../store/run-record.js'
import type { Recovery } from '../store/trace-remains.js'
import { TraceSpool } from '../store/trace-spool.js'
import { lastEvents } from '../target/autopsy/autopsy.js'
import { asFailure, autopsyOf, drive, type DriveEnd, type DriveObserver } from '../target/drive.js'
import type { SshTarget } from '../target/ssh/ssh-target.js'
import { LiveCheck, type LiveFinding } from './live-check.js'
import { startTarget, type Origin } from './start-target.js'
import { startClients, type StartedClients } from './start-clients.js'
import { layCables, type Cables } from '../target/cables.js'
import type { Target, TargetDescription } from '../target/target.js'

/** What a run leaves behind, as far as it got. */
export interface Aftermath extends Readonly<Origin> {
  readonly target: TargetDescription | undefined
  /** Of the machines with the clients, if they are not on the target. */
  readonly clientKernel: KernelUnderTest | undefined
  readonly end: DriveEnd
  readonly spool: TraceSpool | undefined
  /** Of the trace, what the target's memory had beside what it sent. */
  readonly recovered: readonly Recovery[]
  /** The folder of the saved guest that went on. */
  readonly savedIn: string | undefined
  /** What was said while the run went on. */
  readonly live: LiveReport
}

export interface RunObserver extends DriveObserver {
  onFinding(finding: LiveFinding): void
}

/** Boots a guest, tortures it and ends it. Whatever goes wrong is in the answer, with all that was known by then. */
export async function runGuest(
  plan: RunPlan,
  record: RunRecord,
  context: BuildContext,
  observer: RunObserver,
): Promise<Aftermath> {
  return recover(await torture(plan, record, context, observer))
}

async function torture(
  ...[plan, record, context, observer]: Parameters<typeof runGuest>
): Promise<Aftermath> {
  const got = nothingYet()
  const live = new LiveCheck({
    until: plan.untilFinding,
    onFinding: (finding) => {
      observer.onFinding(finding)
    },
  })
  const onConsole = (chunk: Uint8Array): void => {
    record.writeConsole(chunk)
  }
  let target: Target | undefined
  const autopsyPlan = { into: join(record.folder, autopsyFolder), vmcore: plan.dump }
  let clients: StartedClients | undefined
  const cables = layCables(plan.scenario.clients.machines)
  try {
    const means = { context, ends: cables.serverEnds }
    const from = await startTarget(plan, got, means, {
      ...observer,
      onConsole,
      onFailure: async (broken, error) => {
        const autopsy = await autopsyOf(broken, autopsyPlan, { failure: asFailure(error) })
        got.end = { ...got.end, autopsy }
      },
    })
    target = from.target
    got.savedIn = from.folder
    clients = await clientsOf(plan, cables, context, observer)
    got.clientKernel = clients?.kernel
    cables.close()
    got.target = target.description
    target.onConsole(onConsole)
    const onPhase = (name: string): void => {
      if (name === 'load') live.beginLoad()
      observer.onPhase(name)
    }
    got.end = await drive(
      target,
      { ...from.drivePlan, standing: from.standing, enough: live.enough, autopsy: autopsyPlan, clients },
      (metadata) => (got.spool = spoolFor(record.folder, metadata, live)),
      { ...observer, onPhase },
      context.signal,
    )
  } catch (error) {
    got.end = { ...got.end, failure: asFailure(error) }
  } finally {
    cables.close()
    await clients?.stop()
    await target?.stop()
    got.end = { ...got.end, failure: got.end.failure ?? residueOf(target) }
    for (const [index, text] of (clients?.consoles() ?? []).entries())
      await record.writeText(`client-${String(index + 1)}.log`, text)
    got.live = await live.end()
  }
  return got
}

/** The trace goes on with what its ring buffers still held. */
async function recover(got: Aftermath): Promise<Aftermath> {
  const { end, spool } = got
  const { autopsy } = end
  if (autopsy?.trace === undefined || spool === undefined) return got
  try {
    return { ...got, recovered: await spool.append(autopsy.trace) }
  } catch (error) {
    const missing = [...autopsy.missing, `${lastEvents}: ${messageOf(error)}`]
    return { ...got, end: { ...end, autopsy: { ...autopsy, missing } } }
  }
}

/** The judge hears each page that is stored. */
function spoolFor(folder: string, metadata: TraceMetadata, live: LiveCheck): TraceSpool {
  live.start(metadata)
  return new TraceSpool(folder, metadata, (cpu, page) => {
    live.push(cpu, page)
  })
}

/** What is left on a machine that is not ours is no small matter. */
function residueOf(target: Target | undefined): FctError | undefined {
  const residue = target === undefined || !('residue' in target) ? [] : (target as SshTarget).residue
  if (residue.length === 0) return undefined
  return new FctError(
    'FCT_TARGET_RESIDUE',
    'not all of ours could be undone on the target',
    residue.join('\n'),
  )
}

function clientsOf(
  plan: RunPlan,
  { clientEnds }: Cables,
  context: BuildContext,
  observer: RunObserver,
): Promise<StartedClients | undefined> {
  if (clientEnds.length === 0) return Promise.resolve(undefined)
  return startClients(plan, clientEnds, context, (phase) => {
    observer.onPhase(`client: ${phase}`)
  })
}

function nothingYet(): { -readonly [K in keyof Aftermath]: Aftermath[K] } {
  const [kernel, clientKernel, inputs, running, deterministic, target, spool, savedIn] = Array<undefined>(8)
  const [failure, prepared, finished, progress] = [undefined, undefined, undefined, undefined]
  const end = { failure, prepared, finished, progress, spool }
  return {
    kernel,
    clientKernel,
    inputs,
    running,
    deterministic,
    target,
    end,
    spool,
    recovered: [],
    savedIn,
    live: { seconds: new Map(), gaveUp: null },
  }
}
