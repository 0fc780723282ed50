import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import type { BuildContext } from '../../vms/cache.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { LiveReport } from '../verdict/compose-result.js'
import type { RunPlan } from '../scenario/plan.js'
import type { RunRecord } from '../store/run-record.js'
import { TraceSpool } from '../store/trace-spool.js'
import { asFailure, drive, type DriveEnd, type DriveObserver } from '../target/drive.js'
import { LiveCheck, type LiveFinding } from './live-check.js'
import { drivePlanOf } from './drive-plan.js'
import { startClients, type StartedClients } from './start-clients.js'
import { startGuest } from './start-guest.js'
import { layCables, type Cables } from '../target/cables.js'
import type { Target, TargetDescription } from '../target/target.js'

/** What a run leaves behind, as far as it got. */
export interface Aftermath {
  readonly kernel: KernelUnderTest | undefined
  readonly images: GuestImages | undefined
  readonly target: TargetDescription | undefined
  /** Of the machines with the clients, if they are not on the target. */
  readonly clientKernel: KernelUnderTest | undefined
  readonly end: DriveEnd
  readonly spool: TraceSpool | undefined
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
  const got = nothingYet()
  const live = new LiveCheck({
    until: plan.untilFinding,
    onFinding: (finding) => {
      observer.onFinding(finding)
    },
  })
  let target: Target | undefined
  let clients: StartedClients | undefined
  const cables = layCables(plan.scenario.clients.machines)
  try {
    got.kernel = await obtainKernel(plan.kernel, context)
    got.images = await obtainGuestImages(got.kernel, context)
    const drivePlan = drivePlanOf(plan, got.images)
    const onConsole = (chunk: Uint8Array): void => {
      record.writeConsole(chunk)
    }
    const parts = { kernel: got.kernel, images: got.images, ends: cables.serverEnds }
    const from = await startGuest(plan, drivePlan, parts, context, { ...observer, onConsole })
    target = from.target
    clients = await clientsOf(plan, cables, context, observer)
    got.clientKernel = clients?.kernel
    cables.close()
    got.target = target.description
    target.onConsole(onConsole)
    const makeSpool = (metadata: TraceMetadata): TraceSpool => {
      live.start(metadata)
      return (got.spool = new TraceSpool(record.folder, metadata, (cpu, page) => {
        live.push(cpu, page)
      }))
    }
    const onPhase = (name: string): void => {
      if (name === 'load') live.beginLoad()
      observer.onPhase(name)
    }
    got.end = await drive(
      target,
      { ...drivePlan, standing: from.standing, enough: live.enough, clients },
      makeSpool,
      { ...observer, onPhase },
      context.signal,
    )
  } catch (error) {
    got.end = { ...got.end, failure: asFailure(error) }
  } finally {
    cables.close()
    await clients?.stop()
    await target?.stop()
    for (const [index, text] of (clients?.consoles() ?? []).entries())
      await record.writeText(`client-${String(index + 1)}.log`, text)
    got.live = await live.end()
  }
  return got
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
  const [kernel, clientKernel, images, target, spool] = Array<undefined>(5)
  const [failure, prepared, finished, progress] = [undefined, undefined, undefined, undefined]
  const end = { failure, prepared, finished, progress, spool }
  return { kernel, clientKernel, images, target, end, spool, live: { seconds: new Map(), gaveUp: null } }
}
