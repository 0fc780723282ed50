import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listScenarios, loadScenario } from '../../harness/scenario/scenario.js'
import { runFctorture } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

/** The oracle does not know every flavour yet, and says so; nothing else may be in doubt. */
const allowed = ['FCT_ORACLE_FLAVOUR']

describe.each(['debian:5.10.218', 'debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'])(
  'on %s',
  (kernel) => {
    it.each(listScenarios())('%s uses each stressor that it names', async (name) => {
      const { result, stderr } = await runFctorture(runs, ['--kernel', kernel, '--time', '8'], {}, name)
      const doubts = result.reasons.filter(({ code }) => !allowed.includes(code))
      expect({ verdict: result.verdict, doubts, stderr }).toMatchObject({
        verdict: expect.stringMatching(/^(PASS|INCONCLUSIVE)$/) as string,
        doubts: [],
      })
      const { stressors, optional } = loadScenario(name)
      for (const stressor of Object.keys(stressors)) {
        const isAbsent = (optional as string[]).includes(stressor) && !(stressor in result.stressors)
        if (!isAbsent) expect(result.stressors[stressor]?.useful, stressor).toBeGreaterThan(0)
      }
      expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
    })
  },
)
