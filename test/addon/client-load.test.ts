import { mkdir, mkdtemp, open, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientLoad, ops, type ClientLoadOptions, type LoadStats } from '../../addon/index.js'
import { packageRoot } from '../../harness/folders.js'

const addon = process.env['FCTORTURE_ADDON'] ?? join(packageRoot, 'build', 'Release', 'fctorture.node')
const mixOfAll = Object.fromEntries(ops.map((op) => [op, 1]))
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fct-client-load-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** A busy machine may take its time. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 60_000, interval: 5 })
}

function optionsWith(some: Partial<ClientLoadOptions>): ClientLoadOptions {
  return { directory, threads: 3, files: 4, seed: 42n, size: 8192, mix: mixOfAll, deadlineMs: 5000, ...some }
}

function startLoad(some: Partial<ClientLoadOptions> = {}): ClientLoad {
  const load = new ClientLoad(optionsWith(some))
  load.start()
  return load
}

async function runUntil(
  isEnough: (stats: LoadStats) => boolean,
  some: Partial<ClientLoadOptions> = {},
): Promise<LoadStats> {
  const load = startLoad(some)
  await eventually(() => isEnough(load.stats())).toBe(true)
  return load.stop()
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)

it('does every operation of its mix, without an error where nobody interferes', async () => {
  const { operations, errors, unexpected, stuckThreads } = await runUntil(
    (stats) => Object.values(stats.operations).every((count) => count > 0),
    { threads: 1, mix: { ...mixOfAll, read: 20 } },
  )
  expect(Object.keys(operations)).toEqual(ops)
  expect({ errors, unexpected, stuckThreads }).toEqual({ errors: {}, unexpected: null, stuckThreads: [] })
  expect(operations.read).toBeGreaterThan(operations.rename)
})

it('does nothing that its mix leaves out', async () => {
  const { operations } = await runUntil((stats) => stats.operations.read > 100, {
    mix: { read: 1, write: 0 },
  })
  expect(sum({ ...operations, read: 0 })).toBe(0)
})

it('creates the files that are missing, at their size', async () => {
  const load = startLoad({ mix: { read: 1 } })
  // Each thread creates its share, and the first to be done does not wait for the others.
  const sizes = async (): Promise<unknown> =>
    Promise.all(
      (await readdir(directory)).sort().map(async (name) => [name, (await stat(join(directory, name))).size]),
    )
  const whole = ['f0', 'f1', 'f2', 'f3'].map((name) => [name, 8192])
  await eventually(sizes).toEqual(whole)
  await load.stop()
  expect(await sizes()).toEqual(whole)
})

it('keeps files from growing without end', async () => {
  await runUntil((stats) => stats.operations.append > 200, { files: 1, mix: { append: 9, copy: 1, scan: 1 } })
  expect((await stat(join(directory, 'f0'))).size).toBeLessThanOrEqual(2 * 8192)
})

it('counts while it runs, and not after it has stopped', async () => {
  const load = startLoad()
  await eventually(() => load.stats().operations.read).toBeGreaterThan(0)
  const stopped = await load.stop()
  await delay(20)
  expect(load.stats()).toEqual(stopped)
  expect(await load.stop()).toEqual(stopped)
})

describe('errors', () => {
  it('are counted by operation and name, and do not end a load whose files go', async () => {
    const load = startLoad({ mix: { read: 1, write: 1 } })
    await eventually(() => load.stats().operations.read).toBeGreaterThan(0)
    for (const name of await readdir(directory)) await rm(join(directory, name))
    await eventually(() => load.stats().errors['read']?.['ENOENT']).toBeGreaterThan(10)
    await eventually(() => load.stats().errors['write']?.['ENOENT']).toBeGreaterThan(10)
    expect((await load.stop()).unexpected).toBeNull()
  })

  it('do not end a load on a full file system, nor on one without leases', async () => {
    await symlink('/dev/full', join(directory, 'f0'))
    const { errors, unexpected } = await runUntil(
      (stats) =>
        (stats.errors['write']?.['ENOSPC'] ?? 0) > 10 && (stats.errors['lease']?.['EINVAL'] ?? 0) > 10,
      { files: 1, mix: { write: 1, lease: 1 } },
    )
    expect(unexpected).toBeNull()
    expect(errors).toEqual({
      prepare: { ENOSPC: 1 },
      write: { ENOSPC: expect.any(Number) as number },
      lease: { EINVAL: expect.any(Number) as number },
    })
  })

  it('that nothing explains end the load, which says what happened where', async () => {
    const load = startLoad({ files: 1, mix: { write: 1 } })
    await eventually(() => load.stats().operations.write).toBeGreaterThan(0)
    const file = join(directory, 'f0')
    await rm(file)
    await mkdir(file)
    await eventually(() => load.stats().unexpected).not.toBeNull()
    await eventually(countThreads).toBe(0)
    const { unexpected, errors } = await load.stop()
    expect(unexpected).toEqual({
      thread: expect.toBeOneOf([0, 1, 2]) as number,
      operation: 'write',
      code: 'EISDIR',
      syscall: 'open',
      file,
    })
    expect(errors['write']?.['EISDIR']).toBeLessThanOrEqual(3) // once per thread
  })

  it('end the load of a process that has no descriptor left, for which no server is to blame', async () => {
    const script = `
      const { ClientLoad } = require(${JSON.stringify(addon)})
      const load = new ClientLoad({
        directory: ${JSON.stringify(directory)}, threads: 64, files: 4, zipf: 0, size: 4096, seed: 1n, mix: { lease: 1 },
        rate: 0, deadlineMs: 60_000
      })
      load.start()
      const poll = setInterval(() => {
        if (load.stats().unexpected === null) return
        clearInterval(poll)
        load.stop().then(({ unexpected }) => console.log(JSON.stringify(unexpected)))
      }, 10)
    `
    const { stdout } = await execa('prlimit', ['--nofile=50', process.execPath, '-e', script], {
      timeout: 60_000,
    })
    expect(JSON.parse(stdout)).toMatchObject({ code: 'EMFILE', syscall: 'open' })
  })
})

describe('threads that hang in the kernel', () => {
  it('are left behind, and told of', async () => {
    const fifo = join(directory, 'f0')
    await execa('mkfifo', [fifo]) // who opens it for writing waits for a reader
    const load = startLoad({ threads: 2, files: 1, deadlineMs: 200, mix: { write: 1 } })
    await delay(50)
    expect(load.stats().stuckThreads).toEqual([])
    const began = performance.now()
    const { operations, stuckThreads } = await load.stop()
    const took = performance.now() - began
    expect(took).toBeLessThan(5000) // without a deadline it would be for ever
    expect(operations.write).toBe(0)
    expect(stuckThreads).toEqual([
      {
        thread: 0,
        task: expect.any(Number) as number,
        operation: 'prepare',
        file: fifo,
        ms: expect.any(Number) as number,
      },
      {
        thread: 1,
        task: expect.any(Number) as number,
        operation: 'write',
        file: fifo,
        ms: expect.any(Number) as number,
      },
    ])
    for (const { ms } of stuckThreads) expect(ms).toBeGreaterThan(200)
    const reader = await open(fifo, 'r+')
    await eventually(() => load.stats().stuckThreads).toEqual([])
    await reader.close()
  })

  it('are told of while the load goes on, for how long by then', async () => {
    const fifo = join(directory, 'f0')
    await execa('mkfifo', [fifo])
    const load = startLoad({ threads: 2, files: 1, deadlineMs: 50, mix: { write: 1 } })
    const threads = (least: number): number[] =>
      load
        .stats()
        .stuckThreads.filter(({ ms }) => ms >= least)
        .map(({ thread }) => thread)
    await eventually(() => threads(50)).toEqual([0, 1])
    await eventually(() => threads(300)).toEqual([0, 1])
    const reader = await open(fifo, 'r+')
    await load.stop()
    await reader.close()
  })
})

describe('the rate', () => {
  it('is not exceeded by any thread', async () => {
    const began = performance.now()
    const { operations } = await runUntil((stats) => sum(stats.operations) >= 60, { threads: 2, rate: 50 })
    const seconds = (performance.now() - began) / 1000
    expect(sum(operations)).toBeLessThanOrEqual(2 * (1 + 50 * seconds))
  })

  it('keeps nobody waiting who stops the load', async () => {
    const load = startLoad({ threads: 1, rate: 0.001, deadlineMs: 60_000, mix: { read: 1 } })
    await eventually(() => load.stats().operations.read).toBe(1)
    const began = performance.now()
    expect(await load.stop()).toMatchObject({ operations: { read: 1 }, stuckThreads: [] })
    expect(performance.now() - began).toBeLessThan(20_000) // the next turn is in 1000 s
  })
})

it('lets go of all it had when it has stopped, again and again', async () => {
  await runUntil((stats) => sum(stats.operations) > 100)
  const before = await openFiles()
  for (let round = 0; round < 50; round++) {
    const load = startLoad()
    await delay(5)
    await load.stop()
  }
  const after = await openFiles()
  expect(after.filter((path) => path.startsWith(directory))).toEqual([])
  expect(after.length, after.join()).toBeLessThanOrEqual(before.length)
  await eventually(countThreads).toBe(0)
})

async function openFiles(): Promise<string[]> {
  const fds = await readdir('/proc/self/fd')
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path !== '')
}

async function countThreads(): Promise<number> {
  const { stdout } = await execa('sh', ['-c', `cat /proc/${process.pid}/task/*/comm 2>/dev/null || true`])
  return stdout.split('\n').filter((name) => name.startsWith('fct-')).length
}

it('is started once', async () => {
  const load = startLoad()
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
  expect(make({ choice: 'pareto' })).toThrow(/choice must be/)
  expect(make({ choice: { zipf: 0 } })).toThrow(RangeError)
  expect(make({ choice: { zipf: Number.NaN } })).toThrow(RangeError)
  expect(make({ choice: { zipf: '1' } })).toThrow(TypeError)
  expect(make({ rate: 0 })).toThrow(RangeError)
  expect(make({ rate: Number.POSITIVE_INFINITY })).toThrow(RangeError)
  expect(make({ rate: '10' })).toThrow(TypeError)
})
