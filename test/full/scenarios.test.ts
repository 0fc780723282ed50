import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { listScenarios, loadScenario } from '../../harness/scenario/scenario.js'
import { collectGarbage, defaultLimitBytes } from '../../vms/cache-gc.js'
import { runFctorture } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

/** What a kernel cannot have: nfsd_file_acquire_local() came with 6.12. */
const kernels: [string, string[]][] = [
  ['debian:5.10.218', ['local']],
  ['debian:5.10', ['local']],
  ['debian:6.1', ['local']],
  ['debian:6.12', []],
  ['debian:7.3', []],
]

/** Bugs of these kernels that a scenario finds (vms/fixes): with the fix, and nothing else mended, there is nothing left to find. */
const fixes: Readonly<Record<string, string>> = {
  'debian:5.10.218 SHUTDOWN02': 'dispose-after-drain/5.10.218.patch',
  'debian:5.10 SHUTDOWN02': 'dispose-after-drain/5.10.patch',
  'debian:7.3 SHUTDOWN01': 'listed-after-unhash/7.3.patch',
  'debian:7.3 SHUTDOWN03': 'listed-after-unhash/7.3.patch',
}

const cells = [1, 2, 3, 4, 5].flatMap((seed) => listScenarios().map((name) => [name, seed] as const))

describe.each(kernels)('on %s', (kernel, absent) => {
  // Each scenario leaves a guest that stands ready, of up to 2 GiB.
  afterAll(() => collectGarbage({ limitBytes: defaultLimitBytes, isDryRun: false }))

  it.each(cells)(
    '%s uses each stressor that it names, and finds nothing, with seed %s',
    async (name, seed) => {
      const fix = fixes[`${kernel} ${name}`]
      const patch = fix === undefined ? [] : ['--patch', join(packageRoot, 'vms', 'fixes', fix)]
      const args = ['--kernel', kernel, '--time', '8', '--seed', String(seed), ...patch]
      const { result, stderr } = await runFctorture(runs, args, {}, name)
      expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({
        verdict: 'PASS',
        reasons: [],
      })
      for (const stressor of Object.keys(loadScenario(name).stressors)) {
        if (!absent.includes(stressor))
          expect(result.stressors[stressor]?.useful, stressor).toBeGreaterThan(0)
      }
      expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
    },
  )
})
