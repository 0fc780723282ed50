import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'
import { findProgram } from '../../../harness/doctor/find-program.js'

interface Told {
  readonly code: string
  readonly status: string
  readonly says: string
  readonly mend: string | null
}

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-doctor-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** `fctorture doctor --json` as a user starts it, with folders of its own. */
async function doctor(env: Readonly<Record<string, string>> = {}) {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const own = { XDG_CACHE_HOME: join(folder, 'cache'), XDG_DATA_HOME: join(folder, 'data'), ...env }
  const { exitCode, stdout } = await execa(process.execPath, [cli, 'doctor', '--json'], {
    reject: false,
    env: own,
  })
  const { exit, checks } = JSON.parse(stdout) as { exit: number; checks: Told[] }
  expect(exitCode).toBe(exit)
  expect(exit).toBe(checks.some(({ status }) => status === 'unmet') ? 1 : 0)
  return { exit, of: (code: string) => checks.filter((check) => check.code === `FCT_DOCTOR_${code}`) }
}

/** What only `npm pack` needs, `npm run setup` does not install. */
function unmetPackages(told: readonly Told[]): Told[] {
  return told.filter(({ status, says }) => status !== 'ok' && !says.endsWith(': npm pack'))
}

it('knows an empty cache, and leaves it empty', async () => {
  const { of } = await doctor()
  expect(of('LEFTOVERS')).toMatchObject([{ status: 'ok' }])
  expect(of('HISTORY')).toMatchObject([{ status: 'ok', says: 'none yet' }])
  expect(unmetPackages(of('PACKAGE'))).toEqual([])
  expect(of('ADDON')).toMatchObject([{ status: 'ok' }])
  expect(of('DISK')[0]?.says).toMatch(/ 5278 needed$/)
  expect(existsSync(join(folder, 'cache'))).toBe(false)
})

it('says that a disk is too small', async () => {
  const small = join(folder, 'small')
  await mkdir(small)
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'fct-test', small])
  try {
    const { exit, of } = await doctor({ XDG_CACHE_HOME: small })
    expect(of('DISK')[0]).toMatchObject({
      status: 'unmet',
      says: `${small}/fctorture: 4 MiB free, 5278 needed`,
    })
    expect(exit).toBe(1)
  } finally {
    await execa('umount', [small])
  }
})

it('misses QEMU where PATH does not have it', async () => {
  const path = join(folder, 'bin')
  await mkdir(path)
  for (const name of await readdir('/usr/bin'))
    if (!name.startsWith('qemu-system')) await symlink(join('/usr/bin', name), join(path, name))
  const { exit, of } = await doctor({ PATH: `${path}:/usr/sbin:/sbin` })
  expect(of('QEMU')).toMatchObject([
    { status: 'unmet', says: expect.stringContaining('not installed') as string },
  ])
  expect(unmetPackages(of('PACKAGE'))).toMatchObject([
    {
      status: 'unmet',
      says: 'qemu-system-x86 is missing (qemu-system-x86_64): guests',
      mend: expect.stringContaining('apt-get install') as string,
    },
  ])
  expect(exit).toBe(1)
})

it('says that the addon is broken, and how to build it', async () => {
  const broken = join(folder, 'fctorture.node')
  await writeFile(broken, 'no addon')
  const { exit, of } = await doctor({ FCTORTURE_ADDON: broken })
  expect(of('ADDON')).toMatchObject([{ status: 'unmet', mend: 'npm run build:addon' }])
  expect(of('ADDON')[0]?.says).toContain(broken)
  expect(exit).toBe(1)
})

it('finds what killed processes left in the cache, and nothing that is in use', async () => {
  const kind = join(folder, 'cache', 'fctorture', 'guest')
  const longAgo = new Date(Date.now() - 3_600_000)
  for (const name of [
    '1111111111111111.lock',
    '1111111111111111.partial',
    '2222222222222222.lock',
    '2222222222222222.partial',
  ])
    await mkdir(join(kind, name), { recursive: true })
  await utimes(join(kind, '1111111111111111.lock'), longAgo, longAgo)
  const { of } = await doctor()
  expect(of('LEFTOVERS')).toMatchObject([{ status: 'note', mend: 'npx fctorture kernel gc' }])
  expect(of('LEFTOVERS')[0]?.says).toContain('1111111111111111.partial')
  expect(of('LEFTOVERS')[0]?.says).not.toContain('2222222222222222')
})

it('says that the history is damaged', async () => {
  const data = join(folder, "somebody's data")
  const file = join(data, 'fctorture', 'history.sqlite')
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, 'no database, and long enough to be looked at as one'.repeat(40))
  const { exit, of } = await doctor({ XDG_DATA_HOME: data })
  expect(of('HISTORY')).toMatchObject([{ status: 'unmet' }])
  await execa('sh', ['-c', of('HISTORY')[0]?.mend ?? ''])
  expect(await readdir(join(file, '..'))).toEqual(['history.sqlite.damaged'])
  expect(of('HISTORY')[0]?.says).toContain('FCT_STORE_CORRUPT')
  expect(exit).toBe(1)
})

it('needs a mirror only for kernels that are not in the cache', async () => {
  const aptConfig = join(folder, 'apt.conf')
  await writeFile(aptConfig, `Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n`)
  const empty = await doctor({ APT_CONFIG: aptConfig })
  expect(empty.of('MIRROR')).toMatchObject([
    { status: 'unmet', says: expect.stringContaining('FCT_APT_NO_MIRROR') as string },
  ])
  await mkdir(join(folder, 'cache', 'fctorture', 'kernel', '0123456789abcdef'), { recursive: true })
  const filled = await doctor({ APT_CONFIG: aptConfig })
  expect(filled.of('MIRROR')).toMatchObject([{ status: 'note' }])
})

it('finds programs only where they can be run', async () => {
  await writeFile(join(folder, 'tool'), '')
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:${before ?? ''}`
  expect(findProgram('tool')).toBeUndefined()
  expect(findProgram('sh')).toMatch(/\/sh$/)
  process.env['PATH'] = before
})
