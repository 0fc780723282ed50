/** What befalls a guest, its agent or this host: each has a class and a message of its own, and nothing of ours is left. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { controlPort, type Method } from '../../harness/agent/protocol.js'
import { packageRoot } from '../../harness/folders.js'
import { createStagedGuest } from '../../harness/target/standing-guest.js'
import { KernelFault, TargetLost, type Target } from '../../harness/target/target.js'
import { answerOf } from '../../harness/target/watch.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { borrowCache } from '../borrowed-cache.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { bundleAgent } from './module-guest.js'

let folder = ''
let images: GuestImages

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-faults-'))
  const agent = join(folder, 'agent.cjs')
  await bundleAgent('faulty.ts', agent)
  images = await obtainGuestImages(await obtainStockKernel(), quietContext, { 'agent.cjs': agent })
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** What answers that somebody waits for end in, when this happens to the guest. */
async function failureOf(
  method: string,
  meddle: (target: Target) => void = () => undefined,
): Promise<unknown> {
  const observer = { onPhase: () => undefined, onConsole: () => undefined }
  const { target } = await createStagedGuest(images, { exports: [] }, quietContext, observer)
  try {
    const agent = await target.start()
    const watch = { target, signal: quietContext.signal }
    const answer = answerOf(watch, agent.call(method as Method, null), 60_000, 'being harmed')
    meddle(target)
    return await answer.catch((error: unknown) => error)
  } finally {
    await target.stop()
  }
}

it('an agent that is killed: the target is lost, and its last words say how', async () => {
  const failure = await failureOf('die')
  expect(failure).toBeInstanceOf(TargetLost)
  expect(failure).toMatchObject({
    code: 'FCT_AGENT_LOST',
    message: 'the guest gave up: agent ended with status 137',
  })
})

it("a panic is the kernel's, with its words", async () => {
  const failure = await failureOf('panic')
  expect(failure).toBeInstanceOf(KernelFault)
  expect(failure).toMatchObject({
    code: 'FCT_GUEST_KERNEL_FAULT',
    message: expect.stringMatching(/sysrq triggered crash/i) as string,
  })
})

it('a channel that is cut: the agent gives up, and the target is lost', async () => {
  const failure = await failureOf('wait', (target) => target.stream(controlPort).destroy())
  expect(failure).toBeInstanceOf(TargetLost)
  expect(failure).toMatchObject({ code: 'FCT_AGENT_LOST' })
})

it('a full disk: the load ends, what was kept is judged, and the message names the file', async () => {
  const runs = join(folder, 'runs')
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const small = ['--dev-bind', '/', '/', '--dir', runs, '--size', '1500000', '--tmpfs', runs]
  const run = [cli, 'run', 'ACQUIRE01', '--time', '60', '--seed', '1', '--json', '--runs', runs]
  const { exitCode, stdout } = await execa('bwrap', [...small, process.execPath, ...run], { reject: false })
  const result = JSON.parse(stdout) as ResultDocument
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_DISK_FULL' }] })
  expect(result.reasons[0]?.message).toContain(runs)
  expect(result.events.read).toBeGreaterThan(0)
  expect(exitCode).toBe(125)
})

it('a disk that is too small for a guest to be saved: the message names it, and nothing is left of the guest', async () => {
  const home = join(folder, 'home')
  await borrowCache(home)
  const guests = join(home, 'fctorture', 'guest')
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const small = ['--dev-bind', '/', '/', '--dir', guests, '--size', '100000000', '--tmpfs', guests]
  const run = [cli, 'run', 'CLOSE01', '--json', '--runs', join(folder, 'runs')]
  const { exitCode, stdout } = await execa('bwrap', [...small, process.execPath, ...run], {
    ...{ reject: false, env: { XDG_CACHE_HOME: home } },
  })
  const result = JSON.parse(stdout) as ResultDocument
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_DISK_FULL' }] })
  expect(result.reasons[0]?.message).toContain(guests)
  expect(exitCode).toBe(125)
})
