import { constants } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientLoad, ops, type ClientLoadOptions, type Op } from '../../addon/index.js'
import { packageRoot } from '../../harness/folders.js'

const size = 8192
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fct-client-operation-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** A busy machine may take its time. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 60_000, interval: 5 })
}

const addon = process.env['FCTORTURE_ADDON'] ?? join(packageRoot, 'build', 'Release', 'fctorture.node')
const calls =
  'openat,pread64,pwrite64,read,write,close,ftruncate,copy_file_range,mmap,msync,munmap,pipe2,fcntl,linkat,unlinkat,renameat,newfstatat,rt_sigtimedwait'

/**
 * The system calls of each client thread from its first operation on, as strace prints them, one a line; from a load in
 * a process of its own.
 */
async function traceLoad(mix: Partial<Record<Op, number>>, seed = 1, threads = 1): Promise<string[]> {
  const folder = await mkdtemp(join(directory, 'traced-'))
  const logs = await mkdtemp(join(directory, 'logs-'))
  const script = `
    const { ClientLoad } = require(${JSON.stringify(addon)})
    const load = new ClientLoad({
      directory: ${JSON.stringify(folder)}, threads: ${threads}, files: 4, zipf: 0, size: ${size}, seed: ${seed}n,
      mix: ${JSON.stringify(mix)}, rate: 500, deadlineMs: 60_000
    })
    load.start()
    const poll = setInterval(() => {
      const done = Object.values(load.stats().operations).reduce((sum, count) => sum + count)
      if (done < 100) return
      clearInterval(poll)
      load.stop()
    }, 10)
  `
  const options = ['-ff', '--seccomp-bpf', '-qq', '-e', `trace=${calls}`, '-e', 'signal=none']
  await execa('strace', [...options, '-o', join(logs, 'of'), process.execPath, '-e', script], {
    timeout: 60_000,
  })
  const texts = await Promise.all((await readdir(logs)).map((name) => readFile(join(logs, name), 'utf8')))
  return texts.flatMap((text) => workOf.exec(text.replaceAll(/\) += /g, ') = '))?.groups?.['work'] ?? [])
}

/**
 * A thread looks for its files and creates them before it works, and in the end may be the last to let go of the
 * directory and to wake up Node.
 */
const workOf =
  /(?:^newfstatat\((?<directory>\d+), "f\d", .* ENOENT .*\nopenat.*\npwrite64.*\npwrite64.*\nclose.*\n)+(?<work>[^]*?)(?:close\(\k<directory>\) = 0\n)?(?:write\(\d+, "\\1(?:\\0){7}"[^]*)?(?![^])/m

/** What one operation looks like: regular expressions of whole lines. */
const opened = (flags: string): string => `openat\\(\\d+, "f\\d", ${flags}\\|O_CLOEXEC\\) = (\\d+)`
const filled = [
  'pwrite64\\(\\d+, "a+"\\.\\.\\., 4096, 0\\) = 4096',
  'pwrite64\\(\\d+, "a+"\\.\\.\\., 4096, 4096\\) = 4096',
  'close\\(\\d+\\) = 0',
]
const block = '4096, (?:0|4096)\\) = 4096'
const lockOf = (type: string): string =>
  `, {l_type=F_${type}LCK, l_whence=SEEK_SET, l_start=(?:0|4096), l_len=4096}\\) = 0`
const either = (one: readonly string[], other: readonly string[]): string =>
  `(?:${one.join('\n')}|${other.join('\n')})`

const appearances: Readonly<Record<Op, readonly string[]>> = {
  read: [
    // Where O_DIRECT is not to be had, it was asked for.
    'openat\\(\\d+, "f\\d", O_RDONLY\\|O_DIRECT\\|O_CLOEXEC\\) = (?:-1 EINVAL .*\nopenat.* = )?(\\d+)',
    `pread64\\(\\1, "a+"\\.\\.\\., ${block}`,
    'close\\(\\1\\) = 0',
  ],
  scan: [
    opened('O_RDONLY'),
    'pread64\\(\\1, .*, 4096, 0\\) = 4096',
    'pread64\\(\\1, .*, 4096, 4096\\) = 4096',
    'pread64\\(\\1, "", 4096, 8192\\) = 0',
    'close\\(\\1\\) = 0',
  ],
  write: [opened('O_WRONLY'), `pwrite64\\(\\1, "a+"\\.\\.\\., ${block}`, 'close\\(\\1\\) = 0'],
  append: [
    opened('O_WRONLY\\|O_APPEND'),
    'pwrite64\\(\\1, "a+"\\.\\.\\., 512, 0\\) = 512',
    'newfstatat\\(\\1, "", .*\\) = 0(?:\nftruncate\\(\\1, 8192\\) = 0)?',
    'close\\(\\1\\) = 0',
  ],
  truncate: [
    opened('O_WRONLY'),
    'ftruncate\\(\\1, \\d{1,4}\\) = 0',
    'ftruncate\\(\\1, 8192\\) = 0',
    'close\\(\\1\\) = 0',
  ],
  copy: [
    opened('O_RDONLY'),
    opened('O_WRONLY'),
    'copy_file_range\\(\\1, \\[0\\], \\2, \\[(?:0|8192)\\], 8192, 0\\) = 8192',
    'close\\(\\2\\) = 0',
    'close\\(\\1\\) = 0',
  ],
  mmap: [
    opened('O_RDWR'),
    'mmap\\(NULL, 4096, PROT_READ\\|PROT_WRITE, MAP_SHARED, \\1, 0(?:x1000)?\\) = (0x\\w+)',
    'pipe2\\(.*',
    'write\\(.*, 4096\\) = 4096(?:\nread\\(.*, 4096\\) = 4096)?',
    'msync\\(\\2, 4096, MS_SYNC\\) = 0',
    'munmap\\(\\2, 4096\\) = 0',
    'close\\(\\1\\) = 0',
    'close.* = 0',
    'close.* = 0',
  ],
  unlink: [
    'unlinkat\\(\\d+, "f\\d", 0\\) = 0',
    'openat\\(\\d+, "f\\d", O_WRONLY\\|O_CREAT\\|O_CLOEXEC, 0666\\) = \\d+',
    ...filled,
  ],
  rename: [
    'openat\\(\\d+, "t0", O_WRONLY\\|O_CREAT\\|O_TRUNC\\|O_CLOEXEC, 0666\\) = \\d+',
    ...filled,
    'renameat\\(\\d+, "t0", \\d+, "f\\d"\\) = 0',
  ],
  link: [
    'linkat\\((\\d+), "f\\d", \\1, "l0", 0\\) = 0',
    'newfstatat\\(\\1, "l0", .*st_nlink=2.*|newfstatat\\(\\1, "l0", .*\\) = 0',
    'unlinkat\\(\\1, "l0", 0\\) = 0',
  ].map((line) => `(?:${line})`),
  lease: [
    'openat\\(\\d+, "f\\d", O_RD(?:WR|ONLY)\\|O_CLOEXEC\\) = (\\d+)',
    'fcntl\\(\\1, F_SETOWN_EX, {type=F_OWNER_TID, pid=\\d+}\\) = 0',
    'fcntl\\(\\1, F_SETLEASE, F_(?:RD|WR)LCK\\) = 0',
    'rt_sigtimedwait\\(\\[IO\\], NULL, {tv_sec=0, tv_nsec=5000000}, 8\\) = -1 EAGAIN .*',
    'fcntl\\(\\1, F_SETLEASE, F_UNLCK\\) = 0',
    'close\\(\\1\\) = 0',
  ],
  lock: [
    'openat\\(\\d+, "f\\d", O_RD(?:WR|ONLY)\\|O_CLOEXEC\\) = (\\d+)',
    either(
      [`fcntl\\(\\1, (F_(?:OFD_)?SETLK)${lockOf('RD')}`, `pread64\\(\\1, .*, ${block}`],
      [`fcntl\\(\\1, (F_(?:OFD_)?SETLK)${lockOf('WR')}`, `pwrite64\\(\\1, .*, ${block}`],
    ),
    `fcntl\\(\\1, (?:\\2\\3)${lockOf('UN')}`,
    'close\\(\\1\\) = 0',
  ],
}

it.each(ops)('does %s as the kernel sees it, nothing more and nothing less, time after time', async (op) => {
  const [calls = ''] = await traceLoad({ [op]: 1 })
  const once = `${appearances[op].join('\n')}\n`
  const [all = ''] = new RegExp(`^(?:${once})*`).exec(calls) ?? []
  expect(calls.slice(all.length)).toBe('')
  expect(all.match(new RegExp(once, 'g'))?.length).toBeGreaterThanOrEqual(100)
})

it('hears of whoever breaks its lease, and drops it at once', async () => {
  const threads = await traceLoad({ lease: 1, write: 1 }, 1, 4)
  const broken = /^rt_sigtimedwait\(\[IO\], .*\) = 29 \(SIGIO\)\nfcntl\(\d+, F_SETLEASE, F_UNLCK\) = 0$/m
  expect(threads.some((calls) => broken.test(calls))).toBe(true)
})

it('takes both kinds of what it draws by a coin', async () => {
  const [leases = ''] = await traceLoad({ lease: 1 })
  for (const type of ['RD', 'WR']) expect(leases).toContain(`F_SETLEASE, F_${type}LCK`)
  const [locks = ''] = await traceLoad({ lock: 1 })
  for (const command of [' F_SETLK', ' F_OFD_SETLK']) {
    for (const type of ['RD', 'WR']) expect(locks).toContain(`${command}, {l_type=F_${type}LCK`)
  }
  const [maps = ''] = await traceLoad({ mmap: 1 })
  expect(maps).toMatch(/^write.*\nread/m)
  expect(maps).toMatch(/^write.*\nmsync/m)
})

describe('a seed', () => {
  const mix = Object.fromEntries(ops.map((op) => [op, 1]))
  /** Without what the process had open and where it had memory free. */
  const stepsOf = (calls: string): string[] =>
    calls
      .replaceAll(/0x\w{6,}/g, 'ADDRESS')
      .replaceAll(/(?<=[( [])\d+(?=[,)] (?!\d))/g, 'N')
      .replaceAll(/pid=\d+/g, 'pid')
      .split('\n')
  const stepsWith = async (seed: number): Promise<string[]> => stepsOf((await traceLoad(mix, seed))[0] ?? '')

  it('gives the same operations on the same files at the same places', async () => {
    const [one, other] = [await stepsWith(7), await stepsWith(7)]
    const length = Math.min(one.length, other.length) - 1
    expect(length).toBeGreaterThan(300)
    expect(one.slice(0, length)).toEqual(other.slice(0, length))
  })

  it('gives others to another seed, and to each thread', async () => {
    const [one, other] = [await stepsWith(7), await stepsWith(8)]
    expect(one.slice(0, 100)).not.toEqual(other.slice(0, 100))
    const [first = '', second = '', ...more] = await traceLoad({ read: 1 }, 7, 2)
    expect(more).toEqual([])
    const filesOf = (calls: string): string[] => calls.match(/"f\d"/g) ?? []
    expect(filesOf(first).slice(0, 40)).not.toEqual(filesOf(second).slice(0, 40))
  })
})

function startLoad(some: Partial<ClientLoadOptions>): ClientLoad {
  const mix = { read: 1 }
  const load = new ClientLoad({
    directory,
    threads: 1,
    files: 1,
    seed: 42n,
    size,
    mix,
    deadlineMs: 5000,
    ...some,
  })
  load.start()
  return load
}

async function runUntilDone(op: Op, count: number, some: Partial<ClientLoadOptions> = {}): Promise<number> {
  const load = startLoad({ mix: { [op]: 1 }, ...some })
  await eventually(() => load.stats().operations[op]).toBeGreaterThan(count)
  return (await load.stop()).operations[op]
}

const contentOf = (name: string): Promise<string> => readFile(join(directory, name), 'latin1')
const fill = (name: string, letter: string): Promise<void> =>
  writeFile(join(directory, name), letter.repeat(size))

describe('in the file system', () => {
  it('truncate leaves zeros behind the shortest cut', async () => {
    await fill('f0', 'x')
    await runUntilDone('truncate', 20)
    expect(await contentOf('f0')).toMatch(/^x{0,4096}\0{4096,8192}$/)
  })

  it('copy makes two files one', async () => {
    await fill('f0', 'x')
    await fill('f1', 'y')
    await runUntilDone('copy', 20, { files: 2 })
    const [f0, f1] = [await contentOf('f0'), await contentOf('f1')]
    expect(f0.slice(0, size)).toMatch(/^(x+|y+)$/)
    expect(f1.slice(0, size)).toBe(f0.slice(0, size))
  })

  it('mmap writes blocks through the mapping', async () => {
    await fill('f0', 'x')
    await runUntilDone('mmap', 50)
    expect(await contentOf('f0')).toBe('a'.repeat(size))
  })

  it('mmap survives that the mapped page goes', async () => {
    const load = startLoad({ threads: 4, mix: { mmap: 4, truncate: 1 } })
    await eventually(() => load.stats().errors['mmap']?.['EFAULT']).toBeGreaterThan(0)
    expect((await load.stop()).unexpected).toBeNull()
  })

  it('link leaves no link', async () => {
    await runUntilDone('link', 20)
    expect((await stat(join(directory, 'f0'))).nlink).toBe(1)
    await expect(stat(join(directory, 'l0'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('lease keeps out who will not wait, and gives way to who does', async () => {
    const load = startLoad({ mix: { lease: 1 } })
    await eventually(() => load.stats().operations.lease).toBeGreaterThan(0)
    const path = join(directory, 'f0')
    const openNow = async (): Promise<string> => {
      try {
        const file = await open(path, constants.O_RDWR | constants.O_NONBLOCK)
        await file.close()
        return 'opened'
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? ''
      }
    }
    await eventually(openNow).toBe('EAGAIN')
    const before = load.stats().operations.lease
    for (let time = 0; time < 20; time++) await (await open(path, 'r+')).close()
    await eventually(() => load.stats().operations.lease).toBeGreaterThan(before)
    await load.stop()
  })

  it('locks of several threads keep each other out', async () => {
    const load = startLoad({ threads: 4, size: 4096, mix: { lock: 1 } })
    await eventually(() => load.stats().errors['lock']?.['EAGAIN']).toBeGreaterThan(0)
    expect((await load.stop()).unexpected).toBeNull()
  })
})
