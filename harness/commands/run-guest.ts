import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import type { BuildContext } from '../../vms/cache.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { obtainKernel, type KernelUnderTest } from '../../vms/kernels/kernels.js'
import type { RunPlan } from '../scenario/plan.js'
import { knobsOf } from '../scenario/stressors.js'
import type { RunRecord } from '../store/run-record.js'
import { TraceSpool } from '../store/trace-spool.js'
import {
  asFailure,
  drive,
  type DriveEnd,
  type DriveObserver,
  type DrivePlan,
  type Preparation,
  type Standing,
} from '../target/drive.js'
import { createQemuTarget, type QemuTarget } from '../target/qemu-target.js'
import { createStagedGuest, createStandingGuest, type StandingObserver } from '../target/standing-guest.js'
import type { Target, TargetDescription } from '../target/target.js'

/** What a run leaves behind, as far as it got. */
export interface Aftermath {
  readonly kernel: KernelUnderTest | undefined
  readonly images: GuestImages | undefined
  readonly target: TargetDescription | undefined
  readonly end: DriveEnd
  readonly spool: TraceSpool | undefined
}

/** Boots a guest, tortures it and ends it. Whatever goes wrong is in the answer, with all that was known by then. */
export async function runGuest(
  plan: RunPlan,
  record: RunRecord,
  context: BuildContext,
  observer: DriveObserver,
): Promise<Aftermath> {
  const got: { -readonly [K in keyof Aftermath]: Aftermath[K] } = {
    kernel: undefined,
    images: undefined,
    target: undefined,
    end: {
      failure: undefined,
      prepared: undefined,
      finished: undefined,
      progress: undefined,
      spool: undefined,
    },
    spool: undefined,
  }
  let target: Target | undefined
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
    })
    target = from.target
    got.target = target.description
    target.onConsole(onConsole)
    const makeSpool = (metadata: TraceMetadata): TraceSpool =>
      (got.spool = new TraceSpool(record.folder, metadata))
    got.end = await drive(
      target,
      { ...drivePlan, standing: from.standing },
      makeSpool,
      observer,
      context.signal,
    )
  } catch (error) {
    got.end = { ...got.end, failure: asFailure(error) }
  } finally {
    await target?.stop()
  }
  return got
}

/**
 * A saved guest takes some 300 MB, and an nfsd or a module of somebody's own is seldom run in the same way again; all
 * that have a kernel in common go on from one. A kernel that is his from the ground up boots.
 */
async function startGuest(
  { kernel: { patches }, busted }: RunPlan,
  preparation: Preparation,
  { kernel, images }: { kernel: KernelUnderTest; images: GuestImages },
  context: BuildContext,
  observer: StandingObserver,
): Promise<{ target: QemuTarget; standing?: Standing }> {
  if (patches.length === 0 && busted === '')
    return createStandingGuest(images, preparation, context, observer)
  if (patches.length === 0 || kernel.nfsd !== undefined)
    return createStagedGuest(images, preparation.stage, context, observer)
  observer.onPhase('booting')
  return { target: await createQemuTarget(images, context.signal) }
}

function drivePlanOf({ scenario, seed, busted }: RunPlan, { knowsLayout }: GuestImages): DrivePlan {
  const { exports, versions, nfsdThreads, bufferKiB, clients, churn, stressors, inject } = scenario
  return {
    stage: { exports },
    prepare: {
      versions,
      nfsdThreads,
      busted,
      knowsLayout,
      events: scenario.events.flatMap((names) => names.split('|')),
      bufferKiB,
    },
    load: {
      seed: String(seed),
      knobs: knobsOf(stressors, inject),
      clients,
      churn,
      disturb: scenario.disturb,
      nfsdThreads,
    },
    seconds: scenario.seconds,
    quietMs: scenario.quietSeconds * 1000,
  }
}
