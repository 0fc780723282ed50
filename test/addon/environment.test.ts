import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ops } from '../../addon/index.js'
import { packageRoot } from '../../harness/folders.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata } from '../harness/fixtures.js'
import { obstacle, PrivateInstance } from './private-instance.js'

/*
 * A worker runs plain JavaScript, so it uses the native classes themselves, which is the point here: what
 * becomes of their descriptors and threads when an environment ends without having closed anything.
 */
const addon = process.env['FCTORTURE_ADDON'] ?? join(packageRoot, 'build', 'Release', 'fctorture.node')
const prelude = `
  const native = require(${JSON.stringify(addon)})
  const loadIn = (directory, mix = { read: 1, write: 1, rename: 1 }, rate = 0) => {
    const file = { files: 4, zipf: 0, size: 4096 }
    const load = new native.ClientLoad({ directory, threads: 4, ...file, seed: 1n, mix, rate, deadlineMs: 60000 })
    load.start()
    return load
  }
`

const countThreads = (): number => readdirSync('/proc/self/task').filter(isOurs).length
const countDescriptors = (): number => readdirSync('/proc/self/fd').length

/** Threads that wait for the other side of a FIFO (fs/pipe.c, fifo_open()). */
const countOpeners = (): number =>
  readdirSync('/proc/self/task').filter((task) => readOfTask(task, 'wchan') === 'wait_for_partner').length

function isOurs(task: string): boolean {
  return readOfTask(task, 'comm').startsWith('fct-')
}

function readOfTask(task: string, file: string): string {
  const path = `/proc/${process.pid}/task/${task}/${file}`
  return spawnSync('cat', [path], { encoding: 'utf8' }).stdout
}

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-environment-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Runs the script in a worker until it posts a message, then terminates it. */
async function terminateAfterMessage(script: string): Promise<void> {
  const worker = new Worker(prelude + script, { eval: true })
  await once(worker, 'message')
  await worker.terminate()
}

it('leaves no thread and no descriptor behind when a worker that loads is terminated, again and again', async () => {
  const script = `loadIn(${JSON.stringify(folder)}); require('worker_threads').parentPort.postMessage(0)`
  await terminateAfterMessage(script)
  const before = countDescriptors()
  for (let round = 0; round < 10; round++) await terminateAfterMessage(script)
  expect(countThreads()).toBe(0)
  expect(countDescriptors()).toBeLessThanOrEqual(before)
})

it('leaves nothing behind either when threads wait for their turn, or hold leases, locks and mappings', async () => {
  const all = Object.fromEntries(ops.map((op) => [op, 1]))
  const script = (rate: number): string => `
    loadIn(${JSON.stringify(folder)}, ${JSON.stringify(all)}, ${rate})
    setTimeout(() => require('worker_threads').parentPort.postMessage(0), 20)
  `
  await terminateAfterMessage(script(0))
  const before = countDescriptors()
  for (const rate of [0, 0.001, 0, 0.001, 0, 0.001]) {
    await terminateAfterMessage(script(rate))
    expect(countThreads()).toBe(0)
  }
  expect(countDescriptors()).toBeLessThanOrEqual(before)
})

it('ends a worker that waits for a load to stop', async () => {
  const script = `
    loadIn(${JSON.stringify(folder)}).stop().then(() => {
      require('worker_threads').parentPort.postMessage('stopped')
    })
    loadIn(${JSON.stringify(folder)})
  `
  await terminateAfterMessage(script)
  expect(countThreads()).toBe(0)
})

it('outlives a thread that hung in the kernel when its worker was terminated', async () => {
  const fifo = join(folder, 'f0')
  spawnSync('mkfifo', [fifo]) // who opens it for writing waits for a reader
  const worker = new Worker(`${prelude} loadIn(${JSON.stringify(folder)}, { write: 1 })`, { eval: true })
  await expect.poll(countOpeners, { timeout: 10_000 }).toBeGreaterThan(0)
  await worker.terminate()
  expect(countThreads()).toBeGreaterThan(0)
  const bothSides = openSync(fifo, 'r+')
  await expect.poll(countThreads).toBe(0)
  closeSync(bothSides)
})

it('decodes in several workers at once', async () => {
  const script = `
    native.readTrace('/nonexistent').catch(({ code }) => require('worker_threads').parentPort.postMessage(code))
  `
  const workers = Array.from({ length: 4 }, () => new Worker(prelude + script, { eval: true }))
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'message')) as string[]))
  expect(codes).toEqual(Array.from({ length: 4 }, () => ['ENOENT']))
  await Promise.all(workers.map((worker) => worker.terminate()))
})

it('leaves nothing behind when a worker is terminated in the middle of decoding', async () => {
  const path = join(folder, 'trace.dat')
  const spools = ['cpu0.pages', 'cpu1.pages'].map((name) => join(fixturesFolder('raw-pages'), name))
  await writeTraceDat(path, { metadata: rawPagesMetadata(), cmdlines: '', spools })
  const script = `
    const decode = async () => {
      const trace = await native.openTrace(${JSON.stringify(path)})
      while (!(await trace.next(20)).isEnded);
      await native.readTrace(${JSON.stringify(path)})
      return decode()
    }
    for (let number = 0; number < 8; number++) decode()
    setTimeout(() => require('worker_threads').parentPort.postMessage(0), 50)
  `
  await terminateAfterMessage(script)
  const before = countDescriptors()
  for (let round = 0; round < 10; round++) await terminateAfterMessage(script)
  expect(countDescriptors()).toBeLessThanOrEqual(before)
})

it('lets a process end while its threads work', async () => {
  const script = `${prelude} loadIn(${JSON.stringify(folder)}); setTimeout(() => {}, 50)`
  const { exitCode } = await execa(process.execPath, ['-e', script], { timeout: 20_000 })
  expect(exitCode).toBe(0)
  const aborted = `${prelude} loadIn(${JSON.stringify(folder)}); process.exit(3)`
  expect((await execa(process.execPath, ['-e', aborted], { reject: false, timeout: 20_000 })).exitCode).toBe(
    3,
  )
})

describe.skipIf(obstacle !== '')("on this host's tracefs", () => {
  let instance: PrivateInstance
  let holder: number

  beforeEach(() => {
    instance = new PrivateInstance('worker')
    spawnSync('mkfifo', [join(folder, 'fifo')])
    holder = openSync(join(folder, 'fifo'), 'r+') // never read: the writer has to wait
  })

  afterEach(() => {
    closeSync(holder)
    instance.remove() // EBUSY if a file of it were open
  })

  it('lets go of a tracing instance when a worker is terminated in the middle of a write and of stop()', async () => {
    for (let number = 0; number < 5000; number++) instance.mark(`mark ${number}`)
    await terminateAfterMessage(`
      const fd = require('fs').openSync(${JSON.stringify(join(folder, 'fifo'))}, 'r+')
      const reader = new native.TraceReader(${JSON.stringify(instance.folder)}, fd, 1, 8192, 0)
      reader.start()
      setTimeout(() => { reader.stop(); require('worker_threads').parentPort.postMessage(0) }, 50)
    `)
    expect(countThreads()).toBe(0)
  })
})
