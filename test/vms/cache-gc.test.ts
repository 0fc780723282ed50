import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { FctError } from '../../harness/fct-error.js'
import { packageRoot } from '../../harness/folders.js'
import { listEntries } from '../../vms/cache-entries.js'
import { collectGarbage } from '../../vms/cache-gc.js'
import { endOwnUse, tryLockEntry } from '../../vms/cache-use.js'
import { obtain } from '../../vms/cache.js'
import { keepLog } from '../../vms/kernels/build-failure.js'
import { withWorkspace } from '../../vms/workspace.js'
import { quietContext } from '../stock-kernel.js'

let program = ''
let home = ''
const running: User[] = []

beforeAll(async () => {
  const folder = join(packageRoot, 'test-results', `use-cache-${process.pid}`)
  program = join(folder, 'use-cache.mjs')
  // proper-lockfile is CommonJS and asks for Node's modules by require.
  const banner =
    "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
  await build({
    entryPoints: [join(packageRoot, 'test', 'vms', 'use-cache.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: banner },
  })
})

afterAll(() => rm(join(program, '..'), { recursive: true }))

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fct-test-gc-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
})

afterEach(async () => {
  for (const user of running.splice(0)) await user.kill()
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

interface User {
  output(): string
  /** Resolves with what follows the word, once the process has said it. */
  said(word: string): Promise<string>
  tell(): void
  /** Ends it as a process ends. */
  end(): Promise<void>
  kill(): Promise<void>
}

function startUser(how: 'quick' | 'slow', input: string): User {
  const child = execa(process.execPath, [program, how, input], { stdin: 'pipe', reject: false })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const user: User = {
    output: () => output,
    said: async (word) => {
      await vi.waitUntil(() => output.includes(word), { timeout: 30_000, interval: 20 })
      return new RegExp(`${word} ?(.*)`).exec(output)?.[1] ?? ''
    },
    tell: () => void child.stdin.write('\n'),
    end: async () => {
      child.stdin.end()
      await child
    },
    kill: async () => {
      child.kill('SIGKILL')
      await child
    },
  }
  running.push(user)
  return user
}

/** An entry that nobody uses any more, last used some days ago. */
async function leaveEntry(input: string, daysAgo: number): Promise<string> {
  const user = startUser('quick', input)
  const folder = await user.said('has')
  await user.end()
  const then = new Date(Date.now() - daysAgo * 86_400_000)
  const [kind = '', hash = ''] = folder.split('/').slice(-2)
  await utimes(join(home, 'fctorture', '.use', `${kind}.${hash}`), then, then)
  return folder
}

const collect = (limitBytes: number, isDryRun = false) => collectGarbage({ limitBytes, isDryRun })

describe('two processes', () => {
  it('that ask for one entry build it once', async () => {
    const first = startUser('slow', 'a')
    await first.said('building')
    const second = startUser('quick', 'a')
    first.tell()
    const folder = await first.said('has')
    expect(await second.said('has')).toBe(folder)
    await second.end()
    expect(second.output()).not.toContain('building')
  }, 60_000)
})

describe('collectGarbage', () => {
  it('removes what was not used for longest, until the limit is kept', async () => {
    const old = await leaveEntry('old', 9)
    const older = await leaveEntry('older', 30)
    const recent = await leaveEntry('recent', 1)
    const { removed, bytesBefore, bytesAfter } = await collect(2.5 * 2 ** 20)
    expect(removed.map(({ title }) => title)).toEqual(['thing older'])
    expect([older, old, recent].map((folder) => existsSync(folder))).toEqual([false, true, true])
    expect(bytesBefore - bytesAfter).toBeGreaterThanOrEqual(2 ** 20)
    expect((await listEntries()).map(({ title }) => title).sort()).toEqual(['thing old', 'thing recent'])
  })

  it('only says what would go in a dry run', async () => {
    const folder = await leaveEntry('a', 1)
    expect((await collect(0, true)).removed).toHaveLength(1)
    expect(existsSync(folder)).toBe(true)
  })

  it('leaves what a living process uses, and takes it when that was killed', async () => {
    const user = startUser('quick', 'a')
    const folder = await user.said('has')
    const first = await collect(0)
    expect(first.removed).toEqual([])
    expect(first.inUse.map((entry) => entry.folder)).toEqual([folder])
    await user.kill()
    expect((await collect(0)).removed.map((entry) => entry.folder)).toEqual([folder])
    expect(existsSync(folder)).toBe(false)
  })

  it('leaves what is being built, and sweeps it up when the builder was killed', async () => {
    const builder = startUser('slow', 'a')
    await builder.said('building')
    await collect(0)
    const things = join(home, 'fctorture', 'thing')
    expect((await readdir(things)).filter((name) => name.endsWith('.partial'))).toHaveLength(1)
    await builder.kill()
    // The lock of a killed process is stale after ten seconds without a sign of life.
    await vi.waitFor(
      async () => {
        await collect(0)
        expect(await readdir(things)).toEqual([])
      },
      { timeout: 30_000, interval: 1000 },
    )
  }, 60_000)

  it('takes what this process has used, once it says that it uses nothing any more', async () => {
    const recipe = { kind: 'thing', inputs: 'mine', title: 'mine', build: () => Promise.resolve() }
    const folder = await obtain(recipe, quietContext)
    expect((await collect(0)).inUse.map((entry) => entry.folder)).toEqual([folder])
    await endOwnUse()
    expect((await collect(0)).removed.map((entry) => entry.folder)).toEqual([folder])
  })

  it('sweeps up locks of killed processes, and no others', async () => {
    const things = join(home, 'fctorture', 'thing')
    const [orphan, held] = [join(things, '0123456789abcdef'), join(things, 'fedcba9876543210')]
    await mkdir(`${orphan}.lock`, { recursive: true })
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(`${orphan}.lock`, longAgo, longAgo)
    const release = await tryLockEntry(held)
    await collect(0)
    expect(await readdir(things)).toEqual(['fedcba9876543210.lock'])
    await release?.()
    expect(await readdir(things)).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)(
    'frees a disk without room for a lock (root: it mounts one)',
    async () => {
      await execa('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=64', 'full', home])
      try {
        const [used, held] = [await leaveEntry('a', 1), await leaveEntry('b', 1)]
        const release = await tryLockEntry(held)
        const fill = async (): Promise<never> => {
          for (let file = 0; ; file++) await writeFile(join(home, `file${String(file)}`), '')
        }
        await expect(fill()).rejects.toMatchObject({ code: 'ENOSPC' })
        expect((await collect(0)).removed.map((entry) => entry.folder)).toEqual([used])
        expect([used, held].map((folder) => existsSync(folder))).toEqual([false, true])
        await release?.()
      } finally {
        await execa('umount', [home])
      }
    },
  )

  it('removes the logs of builds after 30 days', async () => {
    await keepLog(new FctError('FCT_TEST', 'failed'), 'error: no', 'earlier')
    const logs = join(home, 'fctorture', 'logs')
    await utimes(join(logs, 'earlier.log'), new Date(), new Date(Date.now() - 31 * 24 * 3600 * 1000))
    await keepLog(new FctError('FCT_TEST', 'failed'), 'error: no', 'later')
    await collectGarbage({ limitBytes: Infinity, isDryRun: false })
    expect(await readdir(logs)).toEqual(['later.log'])
  })

  it('counts all that is in the cache', async () => {
    const before = await collect(2 ** 30)
    for (const kind of ['logs', 'resolved', 'apt', 'ccache']) {
      await mkdir(join(home, 'fctorture', kind, `0123-${String(process.pid)}`), { recursive: true })
      await writeFile(
        join(home, 'fctorture', kind, `0123-${String(process.pid)}`, 'file'),
        Buffer.alloc(2 ** 20, 1),
      )
    }
    const { bytesBefore, bytesAfter } = await collect(2 ** 30)
    expect(bytesBefore - before.bytesAfter).toBeGreaterThanOrEqual(4 * 2 ** 20)
    expect(bytesAfter).toBe(bytesBefore)
  })

  it('shares the work with another collection at the same time', async () => {
    const inputs = Array.from({ length: 8 }, (_, number) => String(number))
    const folders = await Promise.all(inputs.map((input) => leaveEntry(input, 1)))
    const reports = await Promise.all([collect(0), collect(0), collect(0)])
    const removed = reports.flatMap((report) => report.removed.map(({ folder }) => folder))
    expect(removed.sort()).toEqual(folders.sort())
    expect(await listEntries()).toEqual([])
  })

  it('leaves the package lists that a living process loads, whatever that is called', async () => {
    const apt = join(home, 'fctorture', 'apt')
    const sleeper = execa('sleep', ['60'], { reject: false })
    try {
      await mkdir(join(apt, `0123456789abcdef-${sleeper.pid ?? 0}`), { recursive: true })
      await collect(0)
      expect(await readdir(apt)).toHaveLength(1)
    } finally {
      sleeper.kill()
      await sleeper
    }
    await collect(0)
    expect(await readdir(apt)).toEqual([])
  })

  it('takes workspaces as entries, but not while they are worked in', async () => {
    const place = { kind: 'nfsd-build', key: '0123456789abcdef', title: 'objects' }
    await withWorkspace(place, quietContext, async (folder) => {
      expect((await collect(0)).inUse.map((entry) => entry.folder)).toEqual([folder])
    })
    expect((await listEntries()).map(({ title }) => title)).toEqual(['objects'])
  })

  it('sweeps package lists of dead processes and forgets uses without entries', async () => {
    const root = join(home, 'fctorture')
    await mkdir(join(root, 'apt', '0123456789abcdef-4194305'), { recursive: true })
    await mkdir(join(root, '.use', 'thing.0123456789abcdef'), { recursive: true })
    await collect(0)
    expect(await readdir(join(root, 'apt'))).toEqual([])
    expect(await readdir(join(root, '.use'))).toEqual([])
  })
})
