import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drivePlanOf } from '../../harness/commands/drive-plan.js'
import type { FctError } from '../../harness/fct-error.js'
import { planRun } from '../../harness/scenario/plan.js'
import type { Scenario } from '../../harness/scenario/scenario.js'
import { TraceSpool } from '../../harness/store/trace-spool.js'
import { drive, type DriveEnd, type DrivePlan } from '../../harness/target/drive.js'
import type { QemuTarget } from '../../harness/target/qemu-target.js'
import { KernelFault } from '../../harness/target/target.js'
import type { GuestImages } from '../../vms/guest-images.js'
import { quietContext } from '../stock-kernel.js'

export const observer = { onPhase: () => undefined, onConsole: () => undefined, onNotice: () => undefined }

const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const

/**
 * RESCHED01 with a seed, for so many seconds.
 *
 * @param inject Instead of what the scenario injects.
 */
export function planWith(
  images: Pick<GuestImages, 'knowsLayout'>,
  seed: number,
  seconds: number,
  change: (scenario: Scenario) => Scenario = (scenario) => scenario,
): DrivePlan {
  const plan = planRun({ scenario: 'RESCHED01', kernel, seed, time: seconds })
  return drivePlanOf({ ...plan, scenario: change(plan.scenario) }, images)
}

/** To the end of the load, or of the kernel. Stops the target. @throws Whatever else went wrong */
export async function driveSeed(target: QemuTarget, plan: DrivePlan): Promise<DriveEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const { signal } = quietContext
    const end = await drive(target, plan, (metadata) => new TraceSpool(folder, metadata), observer, signal)
    if (end.failure !== undefined && !hasDied(end.failure)) throw end.failure
    return end
  } finally {
    await target.stop()
    await rm(folder, { recursive: true })
  }
}

/** Of a deterministic guest the channels end before QEMU does, and that is what is seen of its death. */
function hasDied(failure: FctError): boolean {
  return failure instanceof KernelFault || failure.code === 'FCT_AGENT_LOST'
}
