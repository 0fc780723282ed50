import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CellJob, JobEnd } from '../../../harness/campaign/executor.js'
import { SlurmArray } from '../../../harness/campaign/slurm-array.js'
import { doSlurmCell } from '../../../harness/campaign/slurm-cell.js'
import type { Element } from '../../../harness/campaign/slurm-client.js'
import { attemptFolder, writeArray } from '../../../harness/campaign/slurm-spool.js'
import type { VerdictName } from '../../../harness/verdict/result.js'
import { cell, resultOf } from '../store/store-fixtures.js'

let root: string
let name: string
let job: CellJob

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'fct-slurm-array-'))
  const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const
  job = {
    ...{ cell, attempt: 1, options: { scenario: 'CLOSE01', kernel, time: 10, seed: 7 } },
    runs: join(root, 'runs', '7-1'),
  }
  name = await writeArray(root, [{ job, mirrors: null, parcel: null }])
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

/** As Slurm sets it for its first element. */
function envOf(attempt: number, node = 'n1'): Record<string, string> {
  const restarts: Record<string, string> = attempt === 0 ? {} : { SLURM_RESTART_COUNT: String(attempt) }
  return { SLURM_ARRAY_TASK_ID: '0', SLURMD_NODENAME: node, ...restarts }
}

function node(
  attempt: number,
  verdict: VerdictName,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const act = (given: { job: CellJob }): Promise<JobEnd> => {
    const run = join(given.job.runs, `run-${verdict}`)
    mkdirSync(run)
    return Promise.resolve({ result: resultOf(verdict, { run }), seconds: attempt })
  }
  return doSlurmCell(join(root, name), envOf(attempt), act, signal)
}

interface Watched {
  readonly array: SlurmArray
  readonly ends: (JobEnd | null)[]
  readonly phases: string[]
}

function watch(graceMs = 60_000): Watched {
  const array = new SlurmArray(name, join(root, name), { graceMs, say: () => undefined })
  const [ends, phases]: [(JobEnd | null)[], string[]] = [[], []]
  array.add(0, {
    job,
    listener: {
      onReference: () => undefined,
      onPhase: (phase) => phases.push(phase),
      onLoad: () => undefined,
      onFinding: () => undefined,
    },
    resolve: (end) => ends.push(end),
    reject: (error) => {
      throw error
    },
  })
  return { array, ends, phases }
}

const element = (state: string, isOver: boolean): Element => ({
  ...{ name, index: 0, id: '9_0', state, node: 'n1', reason: 'None', isOver },
})

test.each([
  [['PASS', 'FAIL'], 'FAIL'],
  [['FAIL', 'PASS'], 'FAIL'],
  [['ERROR', 'PASS'], 'PASS'],
  [['PASS', 'INCONCLUSIVE'], 'PASS'],
  [['ERROR', 'ERROR'], 'ERROR'],
] as const)('of two attempts that ended %j one is taken: %s', async (verdicts, taken) => {
  for (const [attempt, verdict] of verdicts.entries()) await node(attempt, verdict)
  const { array, ends } = watch()
  await array.look([])
  expect(ends.map((end) => end?.result.verdict)).toEqual([taken])
  expect(ends[0]?.result.run).toBe(join(job.runs, `run-${taken}`))
  expect(existsSync(ends[0]!.result.run)).toBe(true)
})

test('the folder goes when nothing of the array is left, and not with the last end', async () => {
  await node(0, 'PASS')
  const { array, ends } = watch()
  expect(await array.look([element('RUNNING', false)])).toBe(false)
  expect(ends).toHaveLength(1)
  expect(await array.look([element('RUNNING', false)])).toBe(false)
  expect(readdirSync(root)).toContain(name)
  expect(await array.look([element('COMPLETED', true)])).toBe(true)
  expect(readdirSync(root)).not.toContain(name)
})

test('half an end is none, and what is over without one is lost after the time of grace', async () => {
  const half = `${attemptFolder(join(root, name), { index: 0, attempt: 0 })}.end.json`
  writeFileSync(half, '{ "result": {')
  writeFileSync(`${half}.new`, '{}')
  const patient = watch()
  await patient.array.look([element('FAILED', true)])
  expect(patient).toMatchObject({ ends: [], phases: ['FAILED on n1'] })
  const { array, ends } = watch(0)
  await array.look([])
  expect(ends).toEqual([null])
})

test('an attempt that is stopped leaves no end', async () => {
  await expect(node(0, 'ERROR', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  const { array, ends } = watch()
  await array.look([])
  expect(ends).toEqual([])
})

test('what is no element of an array is told so', async () => {
  const act = (): Promise<JobEnd> => Promise.reject(new Error('not to be called'))
  const { signal } = new AbortController()
  await expect(doSlurmCell(root, {}, act, signal)).rejects.toMatchObject({ code: 'FCT_SLURM_NO_ELEMENT' })
})
