import { join } from 'node:path'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import type { BuildContext } from '../../vms/cache.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { LiveReport } from '../verdict/compose-result.js'
import type { RunPlan } from '../scenario/plan.js'
import { autopsyFolder } from '../store/known-dumps.js'
import type { RunRecord } from '../store/run-record.js'
import { TraceSpool } from '../store/trace-spool.js'
import { asFailure, autopsyOf, drive, type DriveEnd, type DriveObserver } from '../target/drive.js'
import { LiveCheck, type LiveFinding } from './live-check.js'
import { drivePlanOf } from './drive-plan.js'
import { startGuest } from './start-guest.js'
import type { Target, TargetDescription } from '../target/target.js'

/** What a run leaves behind, as far as it got. */
export interface Aftermath {
  readonly kernel: KernelUnderTest | undefined
  readonly images: GuestImages | undefined
  readonly target: TargetDescription | undefined
  readonly end: DriveEnd
  readonly spool: TraceSpool | undefined
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
  const got = nothingYet()
  const live = new LiveCheck({
    until: plan.untilFinding,
    onFinding: (finding) => {
      observer.onFinding(finding)
    },
  })
  let target: Target | undefined
  const autopsyPlan = { into: join(record.folder, autopsyFolder), vmcore: plan.dump }
  try {
    got.kernel = await obtainKernel(plan.kernel, context)
    got.images = await obtainGuestImages(got.kernel, context)
    const drivePlan = drivePlanOf(plan, got.images)
    const onConsole = (chunk: Uint8Array): void => {
      record.writeConsole(chunk)
    }
    const from = await startGuest(plan, drivePlan, { kernel: got.kernel, images: got.images }, context, {
      ...observer,
      onConsole,
      onFailure: async (broken, error) => {
        got.end = { ...got.end, autopsy: await autopsyOf(broken, autopsyPlan, asFailure(error)) }
      },
    })
    target = from.target
    got.savedIn = from.folder
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
      { ...drivePlan, standing: from.standing, enough: live.enough, autopsy: autopsyPlan },
      makeSpool,
      { ...observer, onPhase },
      context.signal,
    )
  } catch (error) {
    got.end = { ...got.end, failure: asFailure(error) }
  } finally {
    await target?.stop()
    got.live = await live.end()
  }
  return got
}

function nothingYet(): { -readonly [K in keyof Aftermath]: Aftermath[K] } {
  const [kernel, images, target, spool, savedIn] = Array<undefined>(5)
  const [failure, prepared, finished, progress] = [undefined, undefined, undefined, undefined]
  const end = { failure, prepared, finished, progress, spool }
  return { kernel, images, target, end, spool, savedIn, live: { seconds: new Map(), gaveUp: null } }
}
