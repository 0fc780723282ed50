import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { tracePort } from '../../harness/agent/protocol.js'
import { packageRoot } from '../../harness/folders.js'
import { drivePlanOf } from '../../harness/commands/drive-plan.js'
import { exitStatus } from '../../harness/commands/exit-status.js'
import { planRun } from '../../harness/scenario/plan.js'
import type { DrivePlan } from '../../harness/target/drive.js'
import { createQemuTarget } from '../../harness/target/qemu-target.js'
import { createStagedGuest, createStandingGuest } from '../../harness/target/standing-guest.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { quietContext, obtainStockKernel } from '../stock-kernel.js'
import { ownMemoryOf } from './qemu-process.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'

const rounds = 5
const runsEach = 6
/** Of load in a run: as short as makes sense, so that what is measured is the guests. */
const seconds = 2
const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const
const observer = { onPhase: () => undefined, onConsole: () => undefined }

/** How soon guests are there, what they cost in memory, and how many runs a minute come of it. */
export const guestsBench: Bench = {
  name: 'guests',
  async *measure() {
    const images = await obtainGuestImages(await obtainStockKernel(), quietContext)
    const plan = drivePlanOf(planRun({ scenario: 'CLOSE01', kernel, seed: 1 }), images)
    // Whoever comes first saves them.
    await (await createStagedGuest(images, plan.stage, quietContext, observer)).target.stop()
    await (await createStandingGuest(images, plan, quietContext, observer)).target.stop()
    yield* await measureStarts(images, plan)
    yield* await measureRuns()
  },
}

async function measureStarts(images: GuestImages, plan: DrivePlan): Promise<Row[]> {
  const peer = { name: 'cold boot', value: await leastOf(() => boot(images)) }
  const staged = await leastOf(() => resumeStaged(images, plan))
  const standing: Standing[] = []
  for (let round = 0; round < rounds; round++) standing.push(await resumeStanding(images, plan))
  const least = (of: (one: Standing) => number): number => Math.min(...standing.map(of))
  const row = (what: string, ours: number, unit = 's'): Row => ({ what, ours, unit, better: 'less' })
  const answer = least(({ answer }) => answer)
  return [
    { ...row("saved before nfsd, start to the agent's answer", staged), peer, bar: { value: 0.6 } },
    { ...row("saved with all prepared, start to the agent's answer", answer), peer, bar: { value: 0.6 } },
    {
      ...row(
        'from there to the first traced event',
        least(({ answer, event }) => event - answer),
      ),
      bar: { value: 2 },
    },
    row(
      `memory of its own behind ${seconds} s of load`,
      least(({ mib }) => mib),
      'MiB',
    ),
  ]
}

/** Seconds from its start, and MiB. */
interface Standing {
  readonly answer: number
  readonly event: number
  readonly mib: number
}

async function leastOf(measure: () => Promise<number>): Promise<number> {
  let least = Infinity
  for (let round = 0; round < rounds; round++) least = Math.min(least, await measure())
  return least
}

function stopwatch(): () => number {
  const began = performance.now()
  return () => (performance.now() - began) / 1000
}

async function boot(images: GuestImages): Promise<number> {
  const since = stopwatch()
  const target = await createQemuTarget(images, quietContext.signal)
  try {
    await target.start()
    return since()
  } finally {
    await target.stop()
  }
}

/** An agent answers whatever it is asked; to be asked in the wrong order is soonest answered. */
async function resumeStaged(images: GuestImages, plan: DrivePlan): Promise<number> {
  const since = stopwatch()
  const { target } = await createStagedGuest(images, plan.stage, quietContext, observer)
  try {
    const agent = await target.start()
    await agent.call('finish', { quietMs: 0 }).catch(() => undefined)
    return since()
  } finally {
    await target.stop()
  }
}

async function resumeStanding(images: GuestImages, plan: DrivePlan): Promise<Standing> {
  const since = stopwatch()
  const { target, folder } = await createStandingGuest(images, plan, quietContext, observer)
  try {
    const agent = await target.start()
    await agent.call('begin', { now: Date.now(), entropy: Buffer.alloc(64).toString('base64') })
    const answer = since()
    const page = once(target.stream(tracePort), 'data')
    await agent.call('load', plan.load)
    await page
    const event = since()
    await delay(seconds * 1000)
    return { answer, event, mib: await ownMemoryOf(folder) }
  } finally {
    await target.stop()
  }
}

/** Whole runs, judged and kept, one after the other and two at a time. */
async function measureRuns(): Promise<Row[]> {
  const one = await runsPerMinute(1)
  const row = (what: string, ours: number): Row => ({ what, ours, unit: '/min', better: 'more' })
  return [
    row(`runs of ${seconds} s, one guest`, one),
    {
      ...row(`runs of ${seconds} s, two guests at a time`, await runsPerMinute(2)),
      peer: { name: 'one guest', value: one },
    },
  ]
}

async function runsPerMinute(guests: number): Promise<number> {
  const runs = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const since = stopwatch()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < runsEach) {
      const args = ['run', 'CLOSE01', '--time', String(seconds), '--seed', String(++next), '--runs', runs]
      const { exitCode = exitStatus.failed, stderr } = await execa(process.execPath, [cli, ...args], {
        reject: false,
      })
      // So short a run may see too little for a verdict.
      if (exitCode >= exitStatus.failed) throw new Error(stderr)
    }
  }
  await Promise.all(Array.from({ length: guests }, work))
  await rm(runs, { recursive: true })
  return (runsEach * 60) / since()
}
