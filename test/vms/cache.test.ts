import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { hashOf, isCached, obtain as obtainWith, type Recipe } from '../../vms/cache.js'

let home = ''
const context = { announce: () => () => undefined, signal: new AbortController().signal }
const obtain = (wanted: Recipe): Promise<string> => obtainWith(wanted, context)

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fct-test-cache-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

function recipe(inputs: unknown, build: Recipe['build']): Recipe {
  return { kind: 'thing', inputs, title: 'thing', build }
}

const write = (text: string) => (folder: string) => writeFile(join(folder, 'content'), text)

it('builds an entry once and finds it by its inputs', async () => {
  const build = vi.fn(write('one'))
  const first = await obtain(recipe({ a: 1 }, build))
  const second = await obtain(recipe({ a: 1 }, build))
  expect(second).toBe(first)
  expect(build).toHaveBeenCalledTimes(1)
  expect(await readFile(join(first, 'content'), 'utf8')).toBe('one')
})

it('builds anew when an input changes', async () => {
  const first = await obtain(recipe({ a: 1 }, write('one')))
  const second = await obtain(recipe({ a: 2 }, write('two')))
  expect(second).not.toBe(first)
  expect(await readFile(join(second, 'content'), 'utf8')).toBe('two')
})

it('builds once when two ask at the same time', async () => {
  const build = vi.fn(async (folder: string) => {
    await delay(200)
    await write('one')(folder)
  })
  const [first, second] = await Promise.all([obtain(recipe({}, build)), obtain(recipe({}, build))])
  expect(first).toBe(second)
  expect(build).toHaveBeenCalledTimes(1)
})

it('leaves nothing behind when a build fails, and tries again', async () => {
  const failing = recipe({}, async (folder) => {
    await write('half')(folder)
    throw new Error('broken off')
  })
  await expect(obtain(failing)).rejects.toThrow('broken off')
  expect(isCached(failing)).toBe(false)
  expect(await readdir(join(home, 'fctorture', 'thing'))).toEqual([])
  expect(existsSync(await obtain(recipe({}, write('whole'))))).toBe(true)
})

it('never uses what a killed build left', async () => {
  const wanted = recipe({}, write('whole'))
  const final = await obtain(wanted)
  await rm(final, { recursive: true })
  await mkdir(`${final}.partial`)
  await writeFile(join(`${final}.partial`, 'leftover'), '')
  expect(await readdir(await obtain(wanted))).toEqual(['content', 'entry.json'])
})

it('leaves nothing behind when the user stops it', async () => {
  const controller = new AbortController()
  const building = obtainWith(
    recipe({}, async (folder) => {
      await write('half')(folder)
      controller.abort(new Error('stopped'))
    }),
    { ...context, signal: controller.signal },
  )
  await expect(building).rejects.toThrow('stopped')
  expect(await readdir(join(home, 'fctorture', 'thing'))).toEqual([])
})

it('stops waiting for what somebody else builds when the user stops it', async () => {
  const wanted = recipe({}, write('two'))
  const lock = join(home, 'fctorture', 'thing', `${hashOf(wanted.inputs)}.lock`)
  await mkdir(lock, { recursive: true })
  const stopped = obtainWith(wanted, { ...context, signal: AbortSignal.timeout(100) })
  await expect(stopped).rejects.toThrow('timeout')
  expect(existsSync(lock)).toBe(true)
})

it('says which disk is full', async () => {
  const full = recipe({}, () => Promise.reject(new Error('ENOSPC: no space left on device, write')))
  await expect(obtain(full)).rejects.toMatchObject({
    code: 'FCT_DISK_FULL',
    detail: expect.stringContaining(home) as string,
  })
})
