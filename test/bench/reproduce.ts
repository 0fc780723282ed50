import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { trySeeds } from '../../harness/replay/seed-range.js'
import {
  createDeterministicGuest,
  createDeterministicTarget,
} from '../../harness/target/deterministic-guest.js'
import { scriptOfPreparation, scriptOfRun } from '../../harness/target/script.js'
import { obtainRamImages, type RamImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { driveSeed, observer, planWith } from './drive-seed.js'
import { measureEmulation } from './emulation.js'
import { measureHits } from './hits.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'

const seeds = { first: 1, last: 4 }
const seconds = 2

/** What forced switches find, what determinism costs, and how many seeds a minute can be tried. */
export const reproduceBench: Bench = {
  name: 'reproduce',
  // A guest of 2 GiB, and QEMU's recording of a boot, which took 1.
  needs: { scratchMiB: 2049 },
  async *measure() {
    const images = await obtainRamImages(await obtainStockKernel(), quietContext)
    yield* measureHits(images)
    yield* measureEmulation(images)
    yield* await measureSeeds(images)
  },
}

/** Booting each, and from a saved one. A seed that dies of what 6.1 has counts like any other. */
async function measureSeeds(images: RamImages): Promise<Row[]> {
  // Whoever comes first saves it.
  await (
    await createDeterministicGuest(images, planWith(images, 0, seconds), quietContext, observer)
  ).target.stop()
  const boot = (seed: number): Promise<void> => bootSeed(images, seed)
  const resume = (seed: number): Promise<void> => resumeSeed(images, seed)
  const peer = { name: 'each booted', value: await seedsPerMinute(1, boot) }
  const cpus = availableParallelism()
  const row = (what: string, ours: number): Row => {
    return { what: `seeds with ${seconds} s of load, ${what}`, ours, unit: '/min', better: 'more', peer }
  }
  return [
    { ...row('from a saved guest', await seedsPerMinute(1, resume)), bar: { ratio: 5 } },
    row(`from a saved guest, ${cpus} at a time`, await seedsPerMinute(cpus, resume)),
  ]
}

async function seedsPerMinute(atATime: number, attempt: (seed: number) => Promise<void>): Promise<number> {
  const began = performance.now()
  const tried = await trySeeds(seeds, atATime, attempt, () => false)
  return (tried.length * 60_000) / (performance.now() - began)
}

async function resumeSeed(images: RamImages, seed: number): Promise<void> {
  const plan = planWith(images, seed, seconds)
  const { target, standing } = await createDeterministicGuest(images, plan, quietContext, observer)
  await driveSeed(target, { ...plan, standing })
}

async function bootSeed(images: RamImages, seed: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const plan = planWith(images, seed, seconds)
    const script = [...scriptOfPreparation(plan), ...scriptOfRun(plan)]
    await driveSeed(await createDeterministicTarget(images, script, { folder, use: 'to boot' }), plan)
  } finally {
    await rm(folder, { recursive: true })
  }
}
