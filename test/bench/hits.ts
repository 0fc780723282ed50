import type { Scenario } from '../../harness/scenario/scenario.js'
import { createDeterministicGuest } from '../../harness/target/deterministic-guest.js'
import type { DriveEnd } from '../../harness/target/drive.js'
import { createStandingGuest } from '../../harness/target/standing-guest.js'
import { obtainGuestImages, type GuestImages, type RamImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { driveSeed, observer, planWith } from './drive-seed.js'
import type { Row } from './row.js'

const seeds = [1, 2, 3]
const seconds = 3
/** Operations that began while one of another kind was inside the same inode. */
const pairs = ['close*acquire', 'close*synthetic', 'acquire*shrink']

type Inject = Scenario['inject']

/** At the same points, as often. */
const ways: Readonly<Record<string, (inject: Inject) => Inject>> = {
  'no injection': () => undefined,
  spins: (inject) => inject && { ...inject, points: spinning(inject.points) },
  'forced switches': (inject) => inject,
}

function spinning(points: NonNullable<Inject>['points']): NonNullable<Inject>['points'] {
  const spin = { mode: 'spin', shape: 'log-uniform', min_ns: 200, max_ns: 20_000 } as const
  return Object.fromEntries(Object.entries(points).map(([name, point]) => [name, { ...point, ...spin }]))
}

/** How often operations meet, by what is injected: on one CPU whose time is counted, and on the two of a usual guest. */
export async function* measureHits(ram: RamImages): AsyncGenerator<Row> {
  const images = await obtainGuestImages(await obtainStockKernel(), quietContext)
  yield* measureOn('1 CPU', (seed, change) => driveCounted(ram, seed, change))
  yield* measureOn('2 CPUs', (seed, change) => driveUsual(images, seed, change))
}

type Change = (scenario: Scenario) => Scenario

async function* measureOn(
  machine: string,
  attempt: (seed: number, change: Change) => Promise<DriveEnd>,
): AsyncGenerator<Row> {
  let alone: Row['peer']
  for (const [way, injectOf] of Object.entries(ways)) {
    const ends: DriveEnd[] = []
    for (const seed of seeds)
      ends.push(await attempt(seed, (scenario) => ({ ...scenario, inject: injectOf(scenario.inject) })))
    const ours = hitsPerSecond(ends)
    const died = ends.filter(({ failure }) => failure !== undefined).length
    const what = `hits a guest second, ${machine}, ${way} (${died} of ${seeds.length} guests died of one)`
    yield { what, ours, unit: '/s', better: 'more', ...(alone && { peer: alone }) }
    alone ??= { name: way, value: ours }
  }
}

/** Up to where a guest last told of it, which one that died does not do at the end. */
function hitsPerSecond(ends: readonly DriveEnd[]): number {
  const told = ends.flatMap(({ progress }) => progress ?? [])
  const hits = told.flatMap(({ device }) => pairs.map((pair) => device.exposure[pair] ?? 0))
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return sum(hits) / sum(told.map(({ seconds }) => seconds))
}

async function driveCounted(images: RamImages, seed: number, change: Change): Promise<DriveEnd> {
  const plan = planWith(images, seed, seconds, change)
  const { target, standing } = await createDeterministicGuest(images, plan, quietContext, observer)
  return driveSeed(target, { ...plan, standing })
}

async function driveUsual(images: GuestImages, seed: number, change: Change): Promise<DriveEnd> {
  const plan = planWith(images, seed, seconds, change)
  const { target, standing } = await createStandingGuest(images, plan, quietContext, observer)
  return driveSeed(target, { ...plan, standing })
}
