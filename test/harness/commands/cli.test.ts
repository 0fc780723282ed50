import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-cli-'))
})

afterAll(() => rm(folder, { recursive: true }))

function fctorture(args: readonly string[], env: Record<string, string> = {}) {
  return execa('npx', ['--no-install', 'fctorture', ...args], { cwd: packageRoot, reject: false, env })
}

function bisectOf(signature: string, ...more: string[]): string[] {
  const [scenario, tree] = ['CLOSE01', packageRoot]
  return [
    'bisect',
    '--tree',
    tree,
    '--good',
    'HEAD~1',
    '--scenario',
    scenario,
    '--signature',
    signature,
    ...more,
  ]
}

it('shows what it does not trust without what acts on a terminal', async () => {
  const { exitCode, stderr } = await fctorture(['run', join(folder, '\u001b[2J.yaml')])
  expect(exitCode).toBe(129)
  expect(stderr).toContain('[2J')
  expect(stderr).not.toContain('\u001b')
})

it('does not mind a reader who has seen enough', async () => {
  const going = fctorture(['run', '--help'])
  going.stdout.destroy()
  expect(await going).toMatchObject({ exitCode: 0, stderr: '' })
})

it('shows its help and exits 0', async () => {
  const { exitCode, stdout } = await fctorture(['--help'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Exit status: 0 PASS, 1 FAIL, 125 no verdict')
})

it.each([
  [['run', 'CLOSE1'], 'FCT_SCENARIO_UNKNOWN', 'did you mean CLOSE01?'],
  [['run', 'CLOSE01', '--kernel', 'debian:6.2'], 'FCT_KERNEL_UNKNOWN', 'did you mean debian:6.'],
  [['run', './missing.yaml'], 'FCT_SCENARIO_UNREADABLE', 'missing.yaml'],
  [['run', 'CLOSE01', '--time', 'soon'], '--time', 'number of seconds'],
  [['run', 'CLOSE01', '--seed', '-1'], '--seed', 'whole number'],
  [['run', 'RESCHED01', '--strategy', 'pct'], 'FCT_PCT_CPUS', '--deterministic'],
  [['search', 'RESCHED01', '--seeds', '1..2', '--depth', '3'], 'FCT_PCT_OPTION', '--strategy pct'],
  [['search', 'RESCHED01', '--seeds', '1..2', '--strategy', 'pct', '--depth', '0'], '--depth', '1 to 16'],
  [['run'], 'scenario', 'missing required argument'],
  [['selftest', '--only', 'mark-lek'], 'FCT_SELFTEST_UNKNOWN', 'mark-leak'],
  [['selftest', '--kernel', 'debian:5.10'], 'FCT_SELFTEST_KERNEL', 'debian:6.1'],
  [['torture'], 'unknown command', 'torture'],
  [
    ['bisect', '--scenario', 'CLOSE01', '--signature', 'free-at-zero'],
    'FCT_BISECT_USAGE',
    '--tree and --good',
  ],
  [['bisect', '--tree', '.', '--good', 'HEAD'], 'FCT_BISECT_USAGE', '--scenario and --signature'],
  [bisectOf('free-at-one'), 'FCT_BISECT_SIGNATURE', 'Rules: event-after-free'],
  [bisectOf('free-at-zero', '--good', 'HEAD'), 'FCT_BISECT_EMPTY_RANGE', 'are one commit'],
  [bisectOf('free-at-zero', '--good', 'nowhere'), 'FCT_TREE_NO_REVISION', 'no revision "nowhere"'],
  [['bisect', 'status', '/nowhere'], 'FCT_BISECT_NO_LOG', '/nowhere/log.jsonl'],
  [['bisect', '--confidence', '99'], '--confidence', 'between 0.5 and 1'],
  [['bisect', '--budget', 'long'], '--budget', '90s, 30m, 2h'],
])('answers %j with exit status 129 and says why', async (args, code, words) => {
  const { exitCode, stdout, stderr } = await fctorture([...args])
  expect(stderr).toContain(code)
  expect(stderr).toContain(words)
  expect(stdout).toBe('')
  expect(exitCode).toBe(129)
})

it('names file, line and field of an invalid scenario', async () => {
  const path = join(folder, 'BAD01.yaml')
  await writeFile(path, 'name: BAD01\npurpose: x\nseconds: -1\n')
  const { exitCode, stderr } = await fctorture(['run', path])
  expect(stderr).toMatch(/FCT_SCENARIO_INVALID.*BAD01\.yaml:3: seconds:/)
  expect(exitCode).toBe(129)
})

it('ends with ERROR, 125 and a run folder when the packages cannot be had', async () => {
  const runs = join(folder, 'runs')
  const aptConfig = join(folder, 'apt.conf')
  await writeFile(aptConfig, `Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n`)
  const env = { XDG_CACHE_HOME: join(folder, 'empty-cache'), APT_CONFIG: aptConfig }
  const { exitCode, stdout } = await fctorture(['run', 'CLOSE01', '--json', '--runs', runs], env)
  const result = JSON.parse(stdout) as { verdict: string; run: string; reasons: { code: string }[] }
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_APT_NO_MIRROR' }] })
  expect(exitCode).toBe(125)
  expect((await readdir(result.run)).sort()).toEqual([
    'console.log',
    'report.html',
    'run.json',
    'verdict.json',
  ])
})
