import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ktapLines } from '../../../harness/export/ktap.js'
import type { NightReport } from '../../../harness/export/night-report.js'
import { obtainStockKernel, quietContext } from '../../stock-kernel.js'
import { cleanNight, nastyNight } from './night.js'

/** The kernel's own reader of KTAP. */
const kunit = 'tools/testing/kunit'
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-ktap-'))
  const { kernel } = await obtainStockKernel()
  const files = ['kunit_parser.py', 'kunit_printer.py'].map((name) => `${kunit}/${name}`)
  await kernel.source?.exportPaths(files, folder, quietContext)
  // The source is one archive, read from its beginning.
}, 600_000)

afterAll(() => rm(folder, { recursive: true }))

const toJson = `
import json, sys
import kunit_parser
def tell(test):
    return {"name": test.name, "status": test.status.name, "tests": [tell(sub) for sub in test.subtests], "errors": test.counts.errors}
lines = kunit_parser.extract_tap_lines(sys.stdin.read().splitlines())
result = kunit_parser.parse_run_tests(lines)
print("")
print(json.dumps(tell(result)))
`

interface Read {
  readonly name: string
  readonly status: string
  readonly errors: number
  readonly tests: readonly Read[]
}

async function parse(report: NightReport): Promise<Read> {
  const env = { PYTHONPATH: join(folder, kunit) }
  const input = [...ktapLines(report)].join('\n') + '\n'
  const { stdout } = await execa('python3', ['-c', toJson], { input, env })
  return JSON.parse(stdout.split('\n').at(-1)!) as Read
}

it("is read by the kernel's kunit_parser as cells and attempts, without an error", async () => {
  const read = await parse(nastyNight)
  expect(read.errors).toBe(0)
  expect(
    read.tests.map(({ name, status, tests }) => [
      name,
      status,
      tests.map((test) => `${test.name}: ${test.status}`),
    ]),
  ).toEqual([
    [
      'debian:6.1 stock CLOSE01 qemu',
      'FAILURE',
      [
        'seed 1: SUCCESS',
        'seed 2: FAILURE',
        'seed 3: FAILURE',
        'seed 4: FAILURE',
        'seed 4 attempt 2: SUCCESS',
        'seed 5: FAILURE',
      ],
    ],
    ['debian:6.1 stock scenarios/GC _1.yaml qemu a.patch', 'SKIPPED', ['seed 6: SKIPPED']],
    ['debian:5.10 bare GC01 qemu', 'FAILURE', ['seed 7: FAILURE']],
  ])
})

it('of a clean night is all success', async () => {
  const read = await parse(cleanNight)
  expect([read.status, read.errors]).toEqual(['SUCCESS', 0])
})

it('has directives for what could not tell, and nothing of the guest at the beginning of a line', () => {
  const lines = [...ktapLines(nastyNight)]
  expect(lines).toContain('  not ok 4 seed 4 # ERROR FCT_QEMU_DIED: FCT_QEMU_DIED happened')
  expect(lines).toContain('  not ok 6 seed 5 # TIMEOUT FCT_GUEST_TIMEOUT: FCT_GUEST_TIMEOUT happened')
  for (const line of lines)
    expect(line).toMatch(
      /^(KTAP version 1|1\.\.\d+| {2}KTAP version 1| {2}1\.\.\d+| {0,2}# .*| {0,2}(not )?ok \d+ .*)$/,
    )
  expect(lines.join('\n')).not.toMatch(/[\p{Cc}](?<!\n|\t)/u)
  expect(lines.filter((line) => line.trimStart().startsWith('ok 1 forged'))).toEqual([])
})
