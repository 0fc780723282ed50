import { expect, it } from 'vitest'
import { accountFor, coverageOf, judgeRun } from '../../../harness/commands/judge-run.js'
import type { UnexpectedError } from '../../../addon/index.js'
import type { Progress } from '../../../harness/agent/protocol.js'
import { FctError } from '../../../harness/fct-error.js'
import { planRun } from '../../../harness/scenario/plan.js'
import type { SpoolEnd } from '../../../harness/store/trace-spool.js'
import type { CpuStats } from '../../../harness/store/trace-stream.js'

const clean: CpuStats = { entries: 0, overrun: 0, commitOverrun: 0, dropped: 0, read: 50 }

function spool(...cpus: Partial<CpuStats>[]): SpoolEnd {
  const stats = new Map(cpus.map((cpu, index) => [index, { ...clean, ...cpu }]))
  return { stats, complete: true, damage: '' }
}

it('accounts for every event that the kernel counted', () => {
  expect(accountFor(spool({}, { read: 30, overrun: 7, dropped: 1 }), 80)).toEqual({
    produced: 88,
    read: 80,
    lost: 8,
    unexplained: 0,
  })
  expect(accountFor(spool({}), 48)).toMatchObject({ unexplained: 2 })
})

it('knows nothing of what is missing when the stream broke off or was damaged', () => {
  const nothing = { produced: null, read: 5, lost: null, unexplained: null }
  expect(accountFor(undefined, 5)).toEqual(nothing)
  expect(accountFor({ ...spool({}), complete: false }, 5)).toEqual(nothing)
  expect(accountFor({ ...spool({}), damage: 'a wrong checksum' }, 5)).toEqual(nothing)
})

it.each([
  ['whole when all is there', spool({}), 50, 0, 'whole'],
  ['whole when every overrun has its mark in the pages', spool({ overrun: 4 }), 50, 1, 'whole'],
  ['holed when an overrun left no mark', spool({ overrun: 4 }), 50, 0, 'holed'],
  ['holed when events were dropped', spool({ dropped: 1 }), 50, 1, 'holed'],
  ['holed when events are unaccounted for', spool({}), 49, 0, 'holed'],
  ['cut when some were never read', spool({ entries: 3 }), 50, 0, 'cut'],
  ['cut when the stream broke off', { ...spool({}), complete: false }, 50, 0, 'cut'],
] as const)('calls a trace %s', (_, end, read, marks, coverage) => {
  expect(coverageOf(end, accountFor(end, read), marks)).toBe(coverage)
})

/** A run of CLOSE01 that ended as told, with nothing found and nothing else known. */
async function judgeEnd(end: { failure?: FctError; unexpected?: UnexpectedError }) {
  const clients = { operations: {}, errors: {}, unexpected: end.unexpected ?? null, stuckThreads: [] }
  const progress = { seconds: 3, clients } as unknown as Progress
  const plan = planRun({
    scenario: 'CLOSE01',
    kernel: { name: 'debian:6.1', patches: [], profile: 'stock' },
    seed: 1,
  })
  const live = { seconds: new Map<string, number>(), gaveUp: null }
  const none = {
    kernel: undefined,
    inputs: undefined,
    deterministic: undefined,
    running: undefined,
    target: undefined,
    spool: undefined,
    recovered: [],
    savedIn: undefined,
    clientKernel: undefined,
    live,
  }
  const rest = { prepared: undefined, finished: undefined, spool: undefined }
  const { result } = await judgeRun(
    plan,
    '',
    { ...none, end: { ...rest, failure: end.failure, progress } },
    '[    1.0] x',
  )
  return result
}

it('calls a run ERROR whose clients met an error that nothing explains', async () => {
  const file = '/mnt/fct/tmpfs-v3/files/f3'
  const unexpected = { thread: 0, operation: 'write', code: 'EMFILE', syscall: 'open', file } as const
  expect(await judgeEnd({ unexpected })).toMatchObject({
    verdict: 'ERROR',
    exit: 125,
    reasons: [
      {
        code: 'FCT_LOAD_UNEXPECTED',
        message: `the clients' load ended with an error that nothing explains: EMFILE from open, in write of ${file}`,
      },
    ],
  })
})

it('calls a run INCONCLUSIVE whose clients hung in the kernel, and keeps who hung where', async () => {
  const failure = new FctError('FCT_LOAD_STUCK', '1 client thread hung in the kernel', 'thread 0 in write')
  const { verdict, exit, reasons } = await judgeEnd({ failure })
  expect({ verdict, exit }).toEqual({ verdict: 'INCONCLUSIVE', exit: 125 })
  expect(reasons[0]).toEqual({
    code: 'FCT_LOAD_STUCK',
    message: '1 client thread hung in the kernel\nthread 0 in write',
  })
})
