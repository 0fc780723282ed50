import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sourcesFor } from '../../vms/apt-root.js'
import { openTreeSource } from '../../vms/kernels/tree-source.js'
import { readKernelName } from '../../vms/kernels/kernel-name.js'
import { readPlan } from '../../harness/campaign/plan.js'
import { packageRoot } from '../../harness/folders.js'
import { repeatCommand } from '../../harness/commands/repeat-command.js'
import { planRun } from '../../harness/scenario/plan.js'
import { loadScenario, parseScenario } from '../../harness/scenario/scenario.js'
import { parseSshAddress } from '../../harness/target/ssh/address.js'
import { findTarget } from '../../harness/target/ssh/targets-file.js'

const hostile = [
  '$(touch x)',
  '`touch x`',
  '; touch x',
  "' touch x '",
  '-oProxyCommand=touch x',
  'a\ntouch x',
  '../../x',
]

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-hostile-'))
})
afterEach(() => rm(folder, { recursive: true }))

it.each(hostile)('no host and no user of a target is %j', (text) => {
  for (const address of [`ssh://root@${text}`, `ssh://${text}@host`, `ssh://root@host/${text}`])
    expect(() => parseSshAddress(address)).toThrow(expect.objectContaining({ code: 'FCT_TARGET_ADDRESS' }))
})

it('targets are hosts and addresses', () => {
  expect(parseSshAddress('ssh://root@node-1.example')).toMatchObject({ user: 'root', host: 'node-1.example' })
  expect(parseSshAddress('ssh://root@[::1]:2222')).toMatchObject({ host: '::1', port: 2222 })
})

it.each(hostile)('a kernel or a scenario named %j does not exist', (name) => {
  expect(() => readKernelName(name)).toThrow(expect.objectContaining({ code: 'FCT_KERNEL_UNKNOWN' }))
  expect(() => readKernelName(`debian:${name}`)).toThrow(
    expect.objectContaining({ code: 'FCT_KERNEL_UNKNOWN' }),
  )
  expect(() => loadScenario(name)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^FCT_SCENARIO_UN(KNOWN|READABLE)$/) as string }),
  )
})

it.each(hostile)('a revision %j is none, and no option of git', async (revision) => {
  await execa('git', ['init', '--quiet', folder])
  const opening = openTreeSource(`tree:${folder}@${revision}`, new AbortController().signal)
  await expect(opening).rejects.toMatchObject({ code: 'FCT_TREE_NO_REVISION' })
  expect(await readdir(folder)).toEqual(['.git'])
})

it.each(hostile)('the command that repeats a run has %j as one word', async (text) => {
  const kernel = { name: `tree:/a@${text}`, patches: [text], profile: 'stock' } as const
  const plan = planRun({ scenario: 'CLOSE01', kernel, seed: 1, busted: text })
  const command = repeatCommand(`./${text}`, plan).replace(/^npx fctorture/, 'printf "%s\\0"')
  const { stdout } = await execa('sh', ['-c', command], { cwd: folder })
  const words = stdout.split('\0')
  expect(words).toEqual(expect.arrayContaining([`./${text}`, `tree:/a@${text}`, text]))
  expect(await readdir(folder)).toEqual([])
})

it('a few lines of YAML that stand for more than memory holds are refused', async () => {
  const levels = Array.from({ length: 40 }, (_, level) => {
    const below = level === 0 ? 'x' : `*l${level - 1}`
    return `l${level}: &l${level} [${Array(10).fill(below).join(', ')}]`
  })
  const file = join(folder, 'BOMB01.yaml')
  await writeFile(file, levels.join('\n'))
  expect(() => loadScenario(file)).toThrow(expect.objectContaining({ code: 'FCT_SCENARIO_INVALID' }))
})

it('a file that is larger than a person writes is not read to its end', async () => {
  const file = join(folder, 'LONG01.yaml')
  const scenario = await readFile(
    join(packageRoot, 'harness', 'scenario', 'catalogue', 'CLOSE01.yaml'),
    'utf8',
  )
  await writeFile(file, scenario + '# '.repeat(64 * 1024))
  for (const path of [file, '/dev/zero']) {
    expect(() => loadScenario(path)).toThrow(expect.objectContaining({ code: 'FCT_SCENARIO_UNREADABLE' }))
    expect(() => readPlan(path)).toThrow(expect.objectContaining({ code: 'FCT_PLAN_UNREADABLE' }))
    expect(() => findTarget('lab7', path)).toThrow(
      expect.objectContaining({ code: 'FCT_TARGETS_UNREADABLE' }),
    )
  }
})

it('a key of YAML changes no prototype', () => {
  expect(() => parseScenario('__proto__: { polluted: true }', 'x.yaml')).toThrow(
    expect.objectContaining({ code: 'FCT_SCENARIO_INVALID' }),
  )
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

it('an address of a mirror adds no line and no option to the sources of apt', () => {
  const suites = { suites: ['bookworm'], securitySuites: [] }
  for (const text of ['http://a main\ndeb [trusted=yes] http://b', 'http://a\n', '[trusted=yes] http://b'])
    expect(() => sourcesFor(suites, { main: text, security: undefined })).toThrow(
      expect.objectContaining({ code: 'FCT_MIRROR_INVALID' }),
    )
})
