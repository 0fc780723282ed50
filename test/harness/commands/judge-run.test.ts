import { expect, it } from 'vitest'
import { accountFor, coverageOf } from '../../../harness/commands/judge-run.js'
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
