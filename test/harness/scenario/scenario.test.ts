import { expect, it } from 'vitest'
import { ops } from '../../../addon/index.js'
import { listScenarios, loadScenario, parseScenario } from '../../../harness/scenario/scenario.js'

const text = `name: TEST01
purpose: a test
seconds: 5
exports: [tmpfs]
versions: ['3']
nfsdThreads: 2
clients: { threads: 1, files: 4, size: 4096, mix: { read: 1 } }
churn: { threads: 1, files: 4, size: 4096, mix: { unlink: 1 } }
stressors:
  close:
    threads: 1
    gap_us: 100
exposure: ['close*acquire']
quietSeconds: 0
bufferKiB: 1024
`

const invalid = (code: string, message: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error

it('loads every scenario of the catalogue, each under its own name', () => {
  expect(listScenarios()).toContain('CLOSE01')
  for (const name of listScenarios()) expect(loadScenario(name).name).toBe(name)
})

it('answers an unknown scenario with the nearest name', () => {
  expect(() => loadScenario('CLOSE1')).toThrow(invalid('FCT_SCENARIO_UNKNOWN', 'did you mean CLOSE01?'))
})

it('says when a scenario file cannot be read', () => {
  expect(() => loadScenario('./missing.yaml')).toThrow(invalid('FCT_SCENARIO_UNREADABLE', 'missing.yaml'))
})

it('takes a scenario that is right', () => {
  expect(parseScenario(text, 'x.yaml')).toMatchObject({
    name: 'TEST01',
    stressors: { close: { gap_us: 100 } },
  })
})

it('takes every operation, a choice of the file and a rate for the clients', () => {
  const mix = ops.map((op) => `${op}: 1`).join(', ')
  const clients = `{ threads: 1, files: 4, size: 4096, mix: { ${mix} }, choice: { zipf: 1.2 }, rate: 2.5 }`
  const scenario = parseScenario(text.replace(/(?<=^clients: ).*$/m, clients), 'x.yaml')
  expect(scenario.clients).toMatchObject({ choice: { zipf: 1.2 }, rate: 2.5 })
  expect(Object.keys(scenario.clients.mix)).toEqual(ops)
  expect(scenario.churn?.choice).toBe('uniform')
  expect(scenario.churn?.rate).toBeUndefined()
})

it.each([
  ['gap_us: 100', 'gap_us: -1', 'x.yaml:12: stressors.close.gap_us:'],
  ['seconds: 5', 'seconds: soon', 'x.yaml:3: seconds:'],
  ['name: TEST01', 'name: test', 'x.yaml:1: name: a name is UPPERCASE'],
  ['exports: [tmpfs]', 'exports: [tmpfs, ntfs]', 'x.yaml:4: exports.1:'],
  ['mix: { read: 1 }', 'mix: { read: 0 }', 'x.yaml:7: clients.mix: at least one'],
  ['mix: { read: 1 }', 'mix: { fsck: 1 }', 'x.yaml:7: clients.mix: a weight for each of read, scan,'],
  ['mix: { read: 1 }', 'mix: { read: 0.5 }', 'x.yaml:7: clients.mix.read:'],
  [
    'mix: { unlink',
    'choice: pareto, mix: { unlink',
    'x.yaml:8: churn.choice: uniform, or { zipf: exponent }',
  ],
  ['mix: { unlink', 'choice: { zipf: 0 }, mix: { unlink', 'x.yaml:8: churn.choice.zipf: Too small'],
  ['mix: { unlink', 'choice: { zipf: 11 }, mix: { unlink', 'x.yaml:8: churn.choice.zipf: Too big'],
  ['mix: { unlink', 'choice: { pareto: 1 }, mix: { unlink', 'x.yaml:8: churn.choice'],
  ['mix: { unlink', 'rate: 0, mix: { unlink', 'x.yaml:8: churn.rate: Too small'],
  ['mix: { unlink', 'rate: fast, mix: { unlink', 'x.yaml:8: churn.rate:'],
  ['quietSeconds: 0\n', '', 'x.yaml:1: quietSeconds:'],
  ['exports: [tmpfs]', 'exports: [tmpfs', 'x.yaml:'],
])('names file, line and field when %j becomes %j', (from, to, message) => {
  expect(() => parseScenario(text.replace(from, to), 'x.yaml')).toThrow(
    invalid('FCT_SCENARIO_INVALID', message),
  )
})
