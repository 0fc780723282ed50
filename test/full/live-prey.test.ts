import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { runFctorture, type Ended } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

const lists =
  /^console-splat: (list_del corruption|general protection fault|page fault) in .*nfsd_file_lru_remove/

interface Prey {
  readonly kernel: string
  readonly scenario: string
  readonly args: readonly string[]
  readonly fix: string
  readonly signature: RegExp
}

/** Bugs of today's packages (vms/fixes) that a seed shows within half a minute of load. */
const prey: Prey[] = [
  ...['6.1', '6.12'].map((kernel) => ({
    kernel,
    scenario: 'HANDOVER01',
    args: ['--profile', 'preempt', '--seed', '1', '--time', '30'],
    fix: 'put-reads-after-handover',
    signature: lists,
  })),
  {
    kernel: '5.10.218',
    scenario: 'SHUTDOWN02',
    args: ['--seed', '1', '--time', '20'],
    fix: 'dispose-after-drain',
    signature: /^leak-after-shutdown: /,
  },
  {
    kernel: '7.3',
    scenario: 'SHUTDOWN03',
    args: ['--seed', '1', '--time', '8'],
    fix: 'listed-after-unhash',
    signature: /^leak-after-shutdown: left on the LRU$/,
  },
]

describe.each(prey)('debian:$kernel under $scenario', ({ kernel, scenario, args, fix, signature }) => {
  const run = (...patch: string[]): Promise<Ended> => {
    return runFctorture(runs, ['--kernel', `debian:${kernel}`, ...args, ...patch], {}, scenario)
  }

  it(`shows ${fix}`, async () => {
    const { result } = await run()
    expect(result.verdict).toBe('FAIL')
    expect(result.findings).toContainEqual(
      expect.objectContaining({ signature: expect.stringMatching(signature) as string }),
    )
  })

  it('shows nothing where that is mended', async () => {
    const { result } = await run('--patch', join(packageRoot, 'vms', 'fixes', fix, `${kernel}.patch`))
    expect(result).toMatchObject({ verdict: 'PASS', findings: [] })
  })
})
