import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parsePlan, planSchema, readPlan } from '../../../harness/campaign/plan.js'
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
  ['an unknown target', 'seeds: 3', 'seeds: 3\ntargets: [moon]', 8, 'targets.0'],
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
