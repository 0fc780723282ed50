import { join } from 'node:path'
import { expect, expectTypeOf, it } from 'vitest'
import * as library from '../../harness/index.js'
import { bisect, check, run, UsageError } from '../../harness/index.js'
import type {
  BisectDocument,
  BisectOptions,
  CheckDocument,
  ResultDocument,
  RunOptions,
} from '../../harness/index.js'
import { packageRoot } from '../../harness/folders.js'

const recording = join(packageRoot, 'test', 'fixtures', 'trace-dat', 'zlib.dat')

it('has three verbs and two kinds of errors', () => {
  expect(Object.keys(library).sort()).toEqual(['FctError', 'UsageError', 'bisect', 'check', 'run'])
})

it('has types (which tsc looks at)', () => {
  expectTypeOf(run).parameters.toEqualTypeOf<[RunOptions]>()
  expectTypeOf(run).returns.resolves.toEqualTypeOf<ResultDocument>()
  expectTypeOf(check).returns.resolves.toEqualTypeOf<CheckDocument>()
  expectTypeOf(bisect).parameter(0).toEqualTypeOf<BisectOptions>()
  expectTypeOf(bisect).returns.resolves.toEqualTypeOf<BisectDocument>()
  expectTypeOf<{ scenario: string }>().toExtend<RunOptions>()
  expectTypeOf<{ kernel: string }>().not.toExtend<RunOptions>()
  expectTypeOf<ResultDocument['verdict']>().toEqualTypeOf<'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR'>()
})

it('judges a recording as the command does', async () => {
  const document = await check(recording)
  expect(document).toMatchObject({ schema: 1, file: recording, run: null })
  expect(document.events.read).toBeGreaterThan(0)
})

it('throws what cannot be meant, before anything is started', async () => {
  await expect(check('/nowhere')).rejects.toBeInstanceOf(UsageError)
  await expect(check('/nowhere')).rejects.toMatchObject({ code: 'FCT_TRACE_UNREADABLE' })
  await expect(run({ scenario: 'CLOSE1' })).rejects.toMatchObject({ code: 'FCT_SCENARIO_UNKNOWN' })
  const source = { kind: 'tree', tree: '/nowhere', good: 'a', bad: 'b' } as const
  await expect(bisect({ source, scenario: 'CLOSE1', signature: 'free-at-zero' })).rejects.toMatchObject({
    code: 'FCT_SCENARIO_UNKNOWN',
  })
  await expect(bisect({ source, scenario: 'CLOSE01', signature: 'no-such-rule' })).rejects.toBeInstanceOf(
    UsageError,
  )
})
