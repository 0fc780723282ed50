import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { compareRuns, requireSame } from '../../../harness/replay/compare.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-replay-'))
})

afterEach(() => rm(folder, { recursive: true }))

async function makeRun(name: string, console: string, trace: string): Promise<string> {
  const run = join(folder, name)
  await mkdir(run)
  await writeFile(join(run, 'console.log'), console)
  await writeFile(join(run, 'trace.dat'), trace)
  return run
}

it('names what is not what it was, and what is new or gone', () => {
  const then = { kernel: 'a', plan: 'x', initramfs: 'i' }
  expect(() => {
    requireSame(then, { ...then })
  }).not.toThrow()
  expect(() => {
    requireSame(then, { kernel: 'b', plan: 'x', QEMU: 'q' })
  }).toThrow(
    expect.objectContaining({
      code: 'FCT_REPLAY_INPUTS',
      message: expect.stringContaining('kernel, initramfs, QEMU are not') as string,
      detail: 'kernel: a then, b now\ninitramfs: i then, none now\nQEMU: none then, q now',
    }),
  )
})

it('compares console and stream, each for itself', async () => {
  const one = await makeRun('one', 'said', 'done')
  expect(await compareRuns(one, await makeRun('two', 'said', 'done'))).toEqual({
    console: true,
    stream: true,
  })
  expect(await compareRuns(one, await makeRun('three', 'said', 'Done'))).toEqual({
    console: true,
    stream: false,
  })
  expect(await compareRuns(one, await makeRun('four', 'Said', 'done'))).toEqual({
    console: false,
    stream: true,
  })
})

it('says so when a run has no trace to compare', async () => {
  const one = await makeRun('one', 'said', 'done')
  await rm(join(one, 'trace.dat'))
  await expect(compareRuns(one, one)).rejects.toMatchObject({ code: 'FCT_RUN_INVALID' })
})
