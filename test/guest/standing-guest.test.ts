import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Agent } from '../../harness/agent/agent-client.js'
import type { Method } from '../../harness/agent/protocol.js'
import type { Preparation } from '../../harness/target/drive.js'
import {
  createStagedGuest,
  createStandingGuest,
  examineSaved,
  type StandingGuest,
  type StandingObserver,
} from '../../harness/target/standing-guest.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { makeErofs } from '../../vms/modules-image.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { bundleAgent } from './module-guest.js'

interface Look {
  readonly now: number
  readonly random: string
}

let folder = ''
let images: GuestImages
let first: StandingGuest & Witness
/** The agent of this test asks for none of it. */
const preparation = { stage: {}, prepare: {} } as Preparation
const guests: StandingGuest[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-standing-'))
  await bundleAgent('standing.ts', join(folder, 'agent.cjs'))
  images = await obtainGuestImages(await obtainStockKernel(), quietContext, {
    'agent.cjs': join(folder, 'agent.cjs'),
  })
  const witness = nobody()
  first = { ...(await create(witness)), ...witness }
})

afterAll(async () => {
  for (const { target } of guests) await target.stop()
  await rm(folder, { recursive: true })
})

interface Witness {
  readonly phases: string[]
  readonly console: Uint8Array[]
}

const nobody = (): Witness => ({ phases: [], console: [] })

function observe({ phases, console: heard }: Witness): StandingObserver {
  return { onPhase: (phase) => void phases.push(phase), onConsole: (chunk) => void heard.push(chunk) }
}

async function create(witness = nobody()): Promise<StandingGuest> {
  const guest = await createStandingGuest(images, preparation, quietContext, observe(witness))
  guests.push(guest)
  return guest
}

async function createStaged(disk = images.underTest): Promise<StandingGuest> {
  const own = { ...images, underTest: disk }
  const guest = await createStagedGuest(own, preparation.stage, quietContext, observe(nobody()))
  guests.push(guest)
  return guest
}

/** A disk for what is under test, with a file that says this. */
async function makeDisk(text: string): Promise<string> {
  const [tree, image] = [join(folder, `${text}-tree`), join(folder, `${text}.erofs`)]
  await mkdir(tree)
  await writeFile(join(tree, 'fctorture.ko'), text)
  await makeErofs(image, tree)
  const { size } = await stat(images.underTest)
  await truncate(image, size)
  return image
}

async function look(agent: Agent): Promise<Look> {
  return (await agent.call('look' as Method, null)) as unknown as Look
}

it('was booted and prepared before, as its console says', () => {
  expect(first.standing).toEqual({ stages: 1 })
  expect(Buffer.concat(first.console).toString()).toContain('Linux version 6.1')
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

it('goes on from before its preparation with whatever is under test', async () => {
  const read = async (text: string): Promise<unknown> => {
    const { target, standing } = await createStaged(await makeDisk(text))
    expect(standing).toBe('staged')
    return (await target.start()).call('readUnderTest' as Method, null)
  }
  expect([await read('one'), await read('other')]).toEqual(['one', 'other'])
})

it('gives those that come later the console of its boot', async () => {
  const later = nobody()
  await create(later)
  expect(Buffer.concat(later.console).toString()).toBe(Buffer.concat(first.console).toString())
})

it.each(['memory', 'state'])('is prepared anew when the file %s is damaged', async (name) => {
  const { target, folder: saved } = await create()
  await target.stop()
  await truncate(join(saved, name), 4096)
  const witness = nobody()
  const agent = await (await create(witness)).target.start()
  expect((await look(agent)).random).toMatch(/^[0-9a-f]{32}$/)
  expect(witness.phases).toEqual(['preparing'])
})

it('is booted anew when that from which it would be prepared is damaged, too', async () => {
  for (const { target, folder: saved } of [await create(), await createStaged()]) {
    await target.stop()
    await truncate(join(saved, 'memory'), 4096)
  }
  const witness = nobody()
  const agent = await (await create(witness)).target.start()
  expect((await look(agent)).random).toMatch(/^[0-9a-f]{32}$/)
  expect(witness.phases).toEqual(['booting', 'setting the stage', 'preparing'])
})

it('tells a bit that has flipped since it was saved, though nothing else shows it, and makes a new one', async () => {
  const { target, folder: saved } = await create()
  await target.stop()
  expect(await examineSaved(saved, quietContext)).toBeUndefined()
  const [memory, stamp] = [join(saved, 'memory'), join(folder, 'stamp')]
  await execa('touch', ['--reference', memory, stamp])
  await flipBit(memory, 64 << 20)
  await execa('touch', ['--reference', stamp, memory])
  const witness = nobody()
  await (await create(witness)).target.stop()
  expect(witness.phases).toEqual([])
  expect(await examineSaved(saved, quietContext)).toMatchObject({ code: 'FCT_SNAPSHOT_DAMAGED' })
  await create(witness)
  expect(witness.phases).toEqual(['preparing'])
})

async function flipBit(path: string, place: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, place)
  byte.writeUInt8(byte.readUInt8() ^ 1)
  await file.write(byte, 0, 1, place)
  await file.close()
}
