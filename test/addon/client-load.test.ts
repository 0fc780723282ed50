import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ClientLoad, type ClientLoadOptions, type LoadStats } from '../../addon/index.js'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fct-client-load-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

function optionsWith(some: Partial<ClientLoadOptions>): ClientLoadOptions {
  const mix = { read: 4, write: 3, append: 1, unlink: 1, rename: 1 }
  return { directory, threads: 3, files: 4, seed: 42n, size: 8192, mix, deadlineMs: 5000, ...some }
}

async function runFor(ms: number, some: Partial<ClientLoadOptions> = {}): Promise<LoadStats> {
  const load = new ClientLoad(optionsWith(some))
  load.start()
  await delay(ms)
  return load.stop()
}

it('does every operation of its mix, without an error', async () => {
  const { operations, errors, stuckThreads } = await runFor(300, { threads: 1 })
  for (const [name, count] of Object.entries(operations)) expect(count, name).toBeGreaterThan(0)
  expect(errors).toEqual({})
  expect(stuckThreads).toBe(0)
  expect(operations.read).toBeGreaterThan(operations.rename)
})

it('does nothing that its mix leaves out', async () => {
  const { operations } = await runFor(50, { mix: { read: 1, write: 0 } })
  expect(operations.read).toBeGreaterThan(0)
  expect({ ...operations, read: 0 }).toEqual({ read: 0, write: 0, append: 0, unlink: 0, rename: 0 })
})

it('creates the files that are missing, at their size', async () => {
  await runFor(50, { mix: { read: 1 } })
  expect((await readdir(directory)).sort()).toEqual(['f0', 'f1', 'f2', 'f3'])
  for (const name of await readdir(directory)) expect((await stat(join(directory, name))).size).toBe(8192)
})

it('keeps appended files from growing without end', async () => {
  await runFor(200, { threads: 1, files: 1, mix: { append: 1 } })
  expect((await readFile(join(directory, 'f0'))).length).toBeLessThanOrEqual(2 * 8192)
})

it('counts errors by name and goes on', async () => {
  const load = new ClientLoad(optionsWith({ mix: { read: 1, write: 1 } }))
  load.start()
  await delay(50)
  for (const name of await readdir(directory)) await rm(join(directory, name))
  await delay(50)
  const { errors } = await load.stop()
  expect(errors['ENOENT']).toBeGreaterThan(10)
})

it('counts while it runs, and not after it has stopped', async () => {
  const load = new ClientLoad(optionsWith({}))
  load.start()
  await delay(50)
  expect(load.stats().operations.read).toBeGreaterThan(0)
  const stopped = await load.stop()
  await delay(20)
  expect(load.stats()).toEqual(stopped)
  expect(await load.stop()).toEqual(stopped)
})

it('leaves threads behind that hang in the kernel, and says how many', async () => {
  const fifo = join(directory, 'f0')
  await execa('mkfifo', [fifo]) // who opens it for writing waits for a reader
  const load = new ClientLoad(optionsWith({ threads: 2, files: 1, deadlineMs: 200, mix: { write: 1 } }))
  load.start()
  await delay(50)
  expect(load.stats().stuckThreads).toBe(0)
  const began = performance.now()
  const stopped = await load.stop()
  expect(performance.now() - began).toBeLessThan(5000) // without a deadline it would be for ever
  expect(stopped).toMatchObject({ operations: { write: 0 }, stuckThreads: 2 })
  await execa('timeout', ['0.2', 'cat', fifo], { reject: false })
  expect(load.stats().stuckThreads).toBe(0)
})

it('lets go of its directory when it has stopped, so that the file system can be unmounted', async () => {
  await runFor(20)
  const fds = await readdir('/proc/self/fd')
  const open = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  expect(open.filter((path) => path.startsWith(directory))).toEqual([])
})

it('is started once', async () => {
  const load = new ClientLoad(optionsWith({}))
  load.start()
  expect(() => {
    load.start()
  }).toThrow(expect.objectContaining({ code: 'FCT_LOAD_STATE' }) as Error)
  await load.stop()
})

it('refuses a directory that is not there', () => {
  const missing = join(directory, 'missing')
  expect(() => new ClientLoad(optionsWith({ directory: missing }))).toThrow(
    expect.objectContaining({ code: 'ENOENT', errno: -2, syscall: 'open', path: missing }) as Error,
  )
})

it('checks its arguments', () => {
  const make = (some: object) => () => new ClientLoad(optionsWith(some))
  expect(make({ threads: 0 })).toThrow(RangeError)
  expect(make({ files: 1.5 })).toThrow(RangeError)
  expect(make({ seed: 1 })).toThrow(TypeError)
  expect(make({ seed: -1n })).toThrow(RangeError)
  expect(make({ size: '1' })).toThrow(TypeError)
  expect(make({ mix: { fsck: 1 } })).toThrow(/no such operation: fsck/)
  expect(make({ mix: {} })).toThrow(RangeError)
  expect(make({ mix: { read: 0 } })).toThrow(RangeError)
  expect(make({ deadlineMs: 0 })).toThrow(RangeError)
})
