import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-nightly-cache-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** An entry of 1 MiB that nobody has used for so many days. */
function leaveEntry(kind: string, hash: string, daysAgo: number): string {
  const entry = join(folder, 'cache', 'fctorture', kind, hash)
  mkdirSync(entry, { recursive: true })
  writeFileSync(join(entry, 'memory'), Buffer.alloc(2 ** 20, 1))
  const then = new Date(Date.now() - daysAgo * 86_400_000)
  utimesSync(entry, then, then)
  return entry
}

/** A night of one machine that has no known key: it is over at once, and boots nothing. */
function night(keep: string) {
  const plan = join(folder, 'plan.yaml')
  writeFileSync(
    plan,
    `name: bounded
kernels: [running]
scenarios: [CLOSE01]
targets: ['ssh://root@127.0.0.1:1']
seeds: 1
keep: ${keep}
`,
  )
  writeFileSync(join(folder, 'known_hosts'), '')
  const places = ['--store', join(folder, 'h.sqlite'), '--runs', join(folder, 'runs')]
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = [cli, 'nightly', plan, '--known-hosts', join(folder, 'known_hosts'), ...places]
  return execa(process.execPath, args, { reject: false, env: { XDG_CACHE_HOME: join(folder, 'cache') } })
}

it('bounds the cache when a night has ended, the oldest first', async () => {
  const [old, recent] = [
    leaveEntry('guest', '0123456789abcdef', 9),
    leaveEntry('guest', 'fedcba9876543210', 1),
  ]
  const { exitCode, stderr, stdout } = await night('{ cacheGigabytes: 0.0015 }')
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 125,
    stdout: expect.stringContaining('FCT_SSH_HOST_UNKNOWN') as string,
  })
  expect(stderr).toMatch(/^removed from the cache: 1 \(1\.0 MiB\)$/m)
  expect([old, recent].map((entry) => existsSync(entry))).toEqual([false, true])
}, 60_000)

it('leaves a cache alone that is within its bound', async () => {
  const old = leaveEntry('guest', '0123456789abcdef', 900)
  const { stderr } = await night('{ days: 1 }')
  expect(stderr).not.toContain('from the cache')
  expect(existsSync(old)).toBe(true)
}, 60_000)
