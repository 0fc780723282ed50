import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { drivePlanOf } from '../../harness/commands/drive-plan.js'
import { planRun } from '../../harness/scenario/plan.js'
import { TraceSpool } from '../../harness/store/trace-spool.js'
import {
  createDeterministicGuest,
  createDeterministicTarget,
} from '../../harness/target/deterministic-guest.js'
import { drive, type DrivePlan, type Standing } from '../../harness/target/drive.js'
import type { QemuTarget } from '../../harness/target/qemu-target.js'
import { scriptOfPreparation, scriptOfRun } from '../../harness/target/script.js'
import { obtainRamImages, type RamImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import type { Measurement } from './bench.js'

const seedsEach = 4
const seconds = 2
const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const
const observer = { onPhase: () => undefined, onConsole: () => undefined, onNotice: () => undefined }

/** How many seeds a minute can be tried on deterministic guests: booting each, and from a saved one. */
export async function benchReproduce(): Promise<Measurement[]> {
  const images = await obtainRamImages(await obtainStockKernel(), quietContext)
  // Whoever comes first saves it.
  await (await createDeterministicGuest(images, planOf(images, 0), quietContext, observer)).target.stop()
  const booting = await seedsPerMinute(1, (seed) => bootSeed(images, planOf(images, seed)))
  const saved = await seedsPerMinute(1, (seed) => resumeSeed(images, planOf(images, seed)))
  const two = await seedsPerMinute(2, (seed) => resumeSeed(images, planOf(images, seed)))
  const row = (what: string, value: number): Measurement => ({
    what,
    value,
    unit: '/min',
    ratio: value / booting,
  })
  return [
    row(`seeds with ${String(seconds)} s of load, each booted`, booting),
    row('from a saved guest', saved),
    row('from a saved guest, two at a time', two),
  ]
}

function planOf(images: RamImages, seed: number): DrivePlan {
  return drivePlanOf(
    planRun({ scenario: 'RESCHED01', kernel, seed, time: seconds, deterministic: true }),
    images,
  )
}

async function seedsPerMinute(atATime: number, attempt: (seed: number) => Promise<void>): Promise<number> {
  const began = performance.now()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < seedsEach) await attempt(++next)
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return (seedsEach * 60_000) / (performance.now() - began)
}

async function resumeSeed(images: RamImages, plan: DrivePlan): Promise<void> {
  const { target, standing } = await createDeterministicGuest(images, plan, quietContext, observer)
  await driveToEnd(target, plan, standing)
}

async function bootSeed(images: RamImages, plan: DrivePlan): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const script = [...scriptOfPreparation(plan), ...scriptOfRun(plan)]
    await driveToEnd(await createDeterministicTarget(images, script, { folder, use: 'to boot' }), plan)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function driveToEnd(target: QemuTarget, plan: DrivePlan, standing?: Standing): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const { failure } = await drive(
      target,
      { ...plan, standing },
      (metadata) => new TraceSpool(folder, metadata),
      observer,
      quietContext.signal,
    )
    if (failure !== undefined) throw failure
  } finally {
    await target.stop()
    await rm(folder, { recursive: true })
  }
}
