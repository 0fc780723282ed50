import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { runFctorture } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

it('exports xfs and btrfs, and serves clients of NFS 4.0 and 4.2', async () => {
  const scenario = join(packageRoot, 'test', 'guest', 'scenarios', 'FS01.yaml')
  const { result, stderr } = await runFctorture(runs, ['--seed', '1'], {}, scenario)
  expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({
    verdict: 'PASS',
    reasons: [],
  })
  expect(result.stressors['close']?.useful).toBeGreaterThan(0)
  expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
})
