import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Agent } from '../../harness/agent/agent-client.js'
import type { Method, PrepareParams } from '../../harness/agent/protocol.js'
import { createStandingGuest, type StandingGuest } from '../../harness/target/standing-guest.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { bundleAgent } from './module-guest.js'

interface Look {
  readonly now: number
  readonly random: string
}

let folder = ''
let images: GuestImages
let first: StandingGuest
const console: Uint8Array[] = []
const guests: StandingGuest[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-standing-'))
  await bundleAgent('standing.ts', join(folder, 'agent.cjs'))
  images = await obtainGuestImages(await obtainStockKernel(), quietContext, {
    'agent.cjs': join(folder, 'agent.cjs'),
  })
  first = await create(console)
})

afterAll(async () => {
  for (const { target } of guests) await target.stop()
  await rm(folder, { recursive: true })
})

async function create(heard: Uint8Array[] = []): Promise<StandingGuest> {
  const onConsole = (chunk: Uint8Array): void => void heard.push(chunk)
  const observer = { onPhase: () => undefined, onConsole }
  const guest = await createStandingGuest(images, {} as PrepareParams, quietContext, observer)
  guests.push(guest)
  return guest
}

async function look(agent: Agent): Promise<Look> {
  return (await agent.call('look' as Method, null)) as unknown as Look
}

it('was booted and prepared before, as its console says', () => {
  expect(first.prepared).toEqual({ counted: 0 })
  expect(Buffer.concat(console).toString()).toContain('Linux version 6.1')
})

it('resumes any number of times, and each that begins has the time and the random numbers that it is given', async () => {
  const other = await (await create()).target.start()
  const one = await first.target.start()
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
  await create(heard)
  expect(Buffer.concat(heard).toString()).toBe(Buffer.concat(console).toString())
})

it.each(['memory', 'state'])('boots anew when the file %s is damaged', async (name) => {
  const { target, folder: saved } = await create()
  await target.stop()
  await truncate(join(saved, name), 4096)
  const heard: Uint8Array[] = []
  const agent = await (await create(heard)).target.start()
  expect((await look(agent)).random).toMatch(/^[0-9a-f]{32}$/)
  expect(Buffer.concat(heard).toString()).not.toBe(Buffer.concat(console).toString())
})
