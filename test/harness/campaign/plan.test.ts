import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { format, resolveConfig } from 'prettier'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parsePlan, planSchema, readPlan } from '../../../harness/campaign/plan.js'
import { machineRequestFor } from '../../../harness/campaign/plan-targets.js'
import type { MachineAddress } from '../../../harness/scenario/plan.js'
import { packageRoot } from '../../../harness/folders.js'

const folder = join(packageRoot, 'harness', 'campaign')
const example = join(folder, 'example.yaml')

const text = `name: nightly
kernels:
  - debian:6.1
  - { kernel: 'tree:../linux@next', as: next, patches: [fix.patch] }
  - { kernel: 'debian:6.12', patches: [a.patch, b.patch] }
scenarios: [CLOSE01, SHRINK01]
seeds: 3
budget: 1.5h
exclude:
  - { kernel: next, scenario: SHRINK01 }
include:
  - { scenario: CLOSE01, kernel: next, seeds: 10, time: 90 }
  - { scenario: [LEASE01], profile: kasan, kernel: debian:6.1 }
weights:
  - { scenario: CLOSE01, weight: 4 }
`

test('a plan is the product of its lists, less what is excluded, and what is included', () => {
  const plan = parsePlan(text, '/plans/nightly.yaml')
  expect(plan.budgetSeconds).toBe(5400)
  expect(plan.cells.map(({ key, seeds, loadSeconds, weight }) => [key, seeds, loadSeconds, weight])).toEqual([
    ['debian:6.1 stock CLOSE01 qemu', 3, 30, 4],
    ['debian:6.1 stock SHRINK01 qemu', 3, 30, 1],
    ['next stock CLOSE01 qemu', 10, 90, 4],
    ['debian:6.12 stock CLOSE01 qemu +a.patch +b.patch', 3, 30, 4],
    ['debian:6.12 stock SHRINK01 qemu +a.patch +b.patch', 3, 30, 1],
    ['debian:6.1 kasan LEASE01 qemu', 3, 30, 1],
  ])
})

test('paths are those beside the plan; names of the history are not', () => {
  const { cells } = parsePlan(text, '/plans/nightly.yaml')
  expect(cells.map(({ kernel }) => kernel)).toContainEqual({
    name: 'tree:/linux@next',
    patches: ['/plans/fix.patch'],
    profile: 'stock',
  })
})

const wrong: [string, string, string, number, string][] = [
  ['an unknown field', 'seeds: 3', 'sedes: 3', 1, 'sedes'],
  ['an unknown kernel', '  - debian:6.1\n', '  - debian:6.99\n', 3, 'debian:6.99'],
  ['an unknown scenario', '[CLOSE01, SHRINK01]', '[CLOSE01, SHRINK99]', 6, 'did you mean SHRINK01'],
  ['an unknown target', 'seeds: 3', 'seeds: 3\ntargets: [moon]', 8, 'targets.0.*moon'],
  ['a duration without a unit', '1.5h', '90', 8, 'a duration, like 90s'],
  ['an exclusion of nothing', 'kernel: next, scenario: SHRINK01', 'kernel: nxt', 10, 'no cell of the plan'],
  [
    'a weight for nothing',
    '{ scenario: CLOSE01, weight',
    '{ scenario: IDLE01, weight',
    15,
    'no cell of the plan',
  ],
  ['a kernel twice', 'as: next', 'as: "debian:6.1"', 4, 'it is there twice'],
  ['neither seeds nor budget', 'seeds: 3\nbudget: 1.5h\n', '', 1, 'needs seeds, a budget'],
  ['no YAML', 'seeds: 3', 'seeds: [3', 8, ''],
]

test.each(wrong)('%s is told with its line', (_, from, to, line, message) => {
  const broken = text.replace(from, to)
  expect(broken).not.toBe(text)
  expect(() => parsePlan(broken, 'x.yaml')).toThrow(
    expect.objectContaining({
      code: 'FCT_PLAN_INVALID',
      message: expect.stringMatching(new RegExp(`^x\\.yaml:${String(line)}: .*${message}`, 's')) as string,
    }),
  )
})

const lab: MachineAddress = {
  ...{ address: 'ssh://root@lab7', name: 'lab7', identities: [], knownHosts: [] },
  ...{ bootSeconds: 300, hooks: { reset: ['reset', 'secret'] } },
}
const lookUp = (name: string): MachineAddress => {
  if (name === 'lab7') return lab
  if (name.startsWith('ssh://')) return { ...lab, address: name, name: undefined, hooks: {} }
  throw new Error(`no target ${name}`)
}

const withMachines = `name: machines
kernels: [debian:6.1, running]
scenarios: [CLOSE01, SHRINK01]
targets: [qemu, lab7, 'ssh://root@other:2222']
seeds: 2
exclude:
  - { kernel: running, target: qemu }
  - { kernel: debian:6.1, target: lab7 }
  - { kernel: running, target: 'ssh://root@other:2222' }
  - { scenario: SHRINK01, target: [lab7, 'ssh://root@other:2222'] }
`

describe('a plan with machines', () => {
  test('has its cells on each target, and keeps no hooks', () => {
    const plan = parsePlan(withMachines, 'p.yaml', lookUp)
    expect(plan.cells.map(({ key }) => key)).toEqual([
      'debian:6.1 stock CLOSE01 qemu',
      'debian:6.1 stock CLOSE01 ssh://root@other:2222',
      'debian:6.1 stock SHRINK01 qemu',
      'running stock CLOSE01 lab7',
    ])
    expect([...plan.machines.keys()]).toEqual(['lab7', 'ssh://root@other:2222'])
    expect(JSON.stringify([plan.document, plan.cells])).not.toContain('secret')
    expect(machineRequestFor(plan.cells[1]!.kernel, lab).isKernelNamed).toBe(true)
    expect(machineRequestFor(plan.cells[3]!.kernel, lab).isKernelNamed).toBe(false)
  })

  test.each<[string, string, string, RegExp]>([
    ['two kernels on one machine', '  - { kernel: debian:6.1, target: lab7 }\n', '', /lab7: .*already/],
    [
      'a kernel of a guest that nobody names',
      '  - { kernel: running, target: qemu }\n',
      '',
      /a guest runs a/,
    ],
    ['a profile', 'seeds: 2', 'seeds: 2\nprofiles: [kasan]', /kasan CLOSE01 .*profiles are for guests/],
    [
      'patches',
      'kernels: [debian:6.1, running]',
      'kernels: [debian:6.1, { kernel: running, as: running, patches: [a.patch] }]',
      /patches and profiles are for guests/,
    ],
  ])('is told that a machine cannot have %s', (_, from, to, message) => {
    const broken = withMachines.replace(from, to)
    expect(broken).not.toBe(withMachines)
    expect(() => parsePlan(broken, 'p.yaml', lookUp)).toThrow(
      expect.objectContaining({
        code: 'FCT_PLAN_TARGET_KERNEL',
        message: expect.stringMatching(message) as string,
      }),
    )
  })

  test('is told that a machine has no clients beside it', () => {
    const broken = withMachines.replaceAll('CLOSE01', 'CLOSE02')
    expect(() => parsePlan(broken, 'p.yaml', lookUp)).toThrow(
      expect.objectContaining({ code: 'FCT_TARGET_CLIENTS' }),
    )
  })

  test.each([
    ['a machine that nobody knows', 'lab7', 'lab8', /targets\.1.*no target lab8/s],
    ['one machine by two names', 'root@other:2222', 'lab7:22', /targets\.2.*under another name/s],
  ])('is told of %s with its line', (_, from, to, message) => {
    expect(() => parsePlan(withMachines.replaceAll(from, to), 'p.yaml', lookUp)).toThrow(
      expect.objectContaining({
        code: 'FCT_PLAN_INVALID',
        message: expect.stringMatching(message) as string,
      }),
    )
  })
})

test('a plan that is not there', () => {
  expect(() => readPlan('/nowhere/plan.yaml')).toThrow(
    expect.objectContaining({ code: 'FCT_PLAN_UNREADABLE' }),
  )
})

test('the example is a plan, and keeps to the published schema', () => {
  const plan = readPlan(example)
  expect(plan.cells.length).toBe(8)
  const schema = JSON.parse(readFileSync(join(folder, 'plan.schema.json'), 'utf8')) as object
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)
  const document = parse(readFileSync(example, 'utf8')) as Record<string, unknown>
  expect(validate(document)).toBe(true)
  expect(validate({ ...document, seeds: 'many' })).toBe(false)
  expect(validate({ ...document, other: 1 })).toBe(false)
})

test('the published schema is the one that plans are read by', async () => {
  const path = join(folder, 'plan.schema.json')
  const schema = JSON.stringify(z.toJSONSchema(planSchema, { io: 'input' }))
  // After a change: vitest --update=true on this file.
  const text = await format(schema, { ...(await resolveConfig(path)), filepath: path })
  await expect(text).toMatchFileSnapshot(path)
})
