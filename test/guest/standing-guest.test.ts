import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Agent } from '../../harness/agent/agent-client.js'
import type { Method, PrepareParams } from '../../harness/agent/protocol.js'
import { createQemuTarget, type QemuTarget } from '../../harness/target/qemu-target.js'
import { obtainStandingGuest, type StandingGuest } from '../../harness/target/standing-guest.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { bundleAgent } from './module-guest.js'

interface Look {
  readonly now: number
  readonly random: string
}

let folder = ''
let images: GuestImages
let standing: StandingGuest
const console: Uint8Array[] = []
const observer = { onPhase: () => undefined, onConsole: (chunk: Uint8Array) => void console.push(chunk) }
const targets: QemuTarget[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-standing-'))
  await bundleAgent('standing.ts', join(folder, 'agent.cjs'))
  images = await obtainGuestImages(await obtainStockKernel(), quietContext, {
    'agent.cjs': join(folder, 'agent.cjs'),
  })
  standing = await obtainStandingGuest(images, {} as PrepareParams, quietContext, observer)
})

afterAll(async () => {
  for (const target of targets) await target.stop()
  await rm(folder, { recursive: true })
})

async function resume(): Promise<Agent> {
  const target = await createQemuTarget(images, quietContext.signal, { memory: standing.memory })
  targets.push(target)
  return target.start()
}

async function look(agent: Agent): Promise<Look> {
  return (await agent.call('look' as Method, null as never)) as unknown as Look
}

it('was booted and prepared before, as its console says', () => {
  expect(standing.prepared).toEqual({ counted: 0 })
  expect(Buffer.concat(console).toString()).toContain('Linux version 6.1')
})

it('resumes any number of times, and each that begins has the time and the random numbers that it is given', async () => {
  const [one, other] = [await resume(), await resume()]
  const then = Date.UTC(2038, 1, 1)
  await one.call('begin', { now: Date.now(), entropy: randomBytes(64).toString('base64') })
  await other.call('begin', { now: then, entropy: randomBytes(64).toString('base64') })
  const [here, there] = [await look(one), await look(other)]
  expect(Math.abs(here.now - Date.now())).toBeLessThan(30_000)
  expect(Math.abs(there.now - then)).toBeLessThan(30_000)
  expect(here.random).not.toBe(there.random)
})

it('gives those that come later the console of its boot', async () => {
  const heard: Uint8Array[] = []
  const onConsole = (chunk: Uint8Array): void => void heard.push(chunk)
  await obtainStandingGuest(images, {} as PrepareParams, quietContext, { ...observer, onConsole })
  expect(Buffer.concat(heard).toString()).toBe(Buffer.concat(console).toString())
})
