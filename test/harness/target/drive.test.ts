import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { duplexPair, PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { UnexpectedError } from '../../../addon/index.js'
import { connectAgent, hearAgent } from '../../../harness/agent/agent-client.js'
import type { Request, TraceMetadata } from '../../../harness/agent/protocol.js'
import { FctError } from '../../../harness/fct-error.js'
import { TraceSpool } from '../../../harness/store/trace-spool.js'
import { drive, type AutopsyPlan, type DriveEnd, type DrivePlan } from '../../../harness/target/drive.js'
import { TargetHung, TargetTimeout, type Target } from '../../../harness/target/target.js'
import { rawPagesMetadata } from '../fixtures.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-drive-'))
})

afterEach(() => rm(folder, { recursive: true }))

const unexpected: UnexpectedError = {
  thread: 0,
  operation: 'write',
  code: 'EMFILE',
  syscall: 'open',
  file: '/mnt/fct/tmpfs-v3/files/f3',
}

const ring = { reason: 'it has none' }

/** A machine whose agent does nothing, but says that it did, and how its clients fare once they work. */
function createIdleTarget(fate: UnexpectedError | null): { target: Target; asked: string[] } {
  const [ours, theirs] = duplexPair()
  const asked: string[] = []
  let powerOff = (): void => undefined
  const ended = new Promise<void>((resolve) => (powerOff = resolve))
  const progress = { seconds: 1, clients: { operations: {}, errors: {}, unexpected: fate, stuckThreads: [] } }
  const results: Record<string, unknown> = {
    prepare: { release: '6.1', trace: rawPagesMetadata(), ring },
    finish: { progress, loadSeconds: 1 },
  }
  createInterface({ input: theirs }).on('line', (line) => {
    if (line === '') return
    const { id, method } = JSON.parse(line) as Request
    asked.push(method)
    theirs.write(`${JSON.stringify({ id, result: results[method] ?? null })}\n`)
    if (method === 'load') theirs.write(`${JSON.stringify({ notice: 'progress', progress })}\n`)
    if (method === 'leave') powerOff()
  })
  const target: Target = {
    description: { kind: 'qemu', accel: 'none', reason: '', cpus: 1, memoryMiB: 0, commandLine: '' },
    start: () => Promise.resolve(connectAgent(ours)),
    onConsole: () => undefined,
    stream: () => Readable.from([]),
    ended,
    hung: new Promise<string>(() => undefined),
    stuckWithin: () => undefined,
    fault: () => new FctError('FCT_TEST_ENDED', 'the machine ended'),
    stop: () => Promise.resolve(),
  }
  return { target, asked }
}

interface Rest {
  readonly enough?: Promise<void>
  readonly into?: string
  readonly standing?: object
  readonly autopsy?: AutopsyPlan
}

function driveFor(seconds: number, target: Target, { into = folder, ...rest }: Rest = {}): Promise<DriveEnd> {
  const plan = { prepare: {}, load: {}, seconds, quietMs: 0, ...rest } as unknown as DrivePlan
  const observer = { onNotice: () => undefined, onPhase: () => undefined }
  const makeSpool = (metadata: TraceMetadata): TraceSpool => new TraceSpool(into, metadata)
  return drive(target, plan, makeSpool, observer, new AbortController().signal)
}

it('loads for as long as it is told', async () => {
  const { target, asked } = createIdleTarget(null)
  const began = performance.now()
  const end = await driveFor(0.3, target)
  expect(performance.now() - began).toBeGreaterThan(290)
  expect(end.failure).toBeUndefined()
  expect(asked).toEqual(['stage', 'prepare', 'begin', 'load', 'finish', 'leave'])
})

it('waits for a script as long as that waits, and asks nothing', async () => {
  const { target } = createIdleTarget(null)
  const methods = ['begin', 'load', 'wait', 'finish', 'leave'] as const
  const output = new PassThrough()
  let powerOff = (): void => undefined
  const ended = new Promise<void>((resolve) => (powerOff = resolve))
  const scripted: Target = {
    ...target,
    ended,
    start: () =>
      Promise.resolve(
        hearAgent(
          output,
          methods.map((method) => ({ method, params: {} as never })),
        ),
      ),
  }
  const driven = driveFor(0.1, scripted, { standing: { release: '6.1', trace: rawPagesMetadata() } })
  const answer = (...numbers: number[]): void => {
    for (const id of numbers) output.write(`{"id":${String(id)},"result":{"progress":{"seconds":7}}}\n`)
  }
  let isOver = false
  void driven.then(() => (isOver = true))
  answer(1, 2)
  await delay(300)
  expect(isOver).toBe(false)
  // All at once, and the machine is gone before anybody has looked.
  answer(3, 4, 5)
  output.end()
  powerOff()
  const end = await driven
  expect(end.failure).toBeUndefined()
  expect(end.progress?.seconds).toBe(7)
})

it('loads no longer than until there was enough, and finishes in order', async () => {
  const { target, asked } = createIdleTarget(null)
  const end = await driveFor(3600, target, { enough: Promise.resolve() })
  expect(end.failure).toBeUndefined()
  expect(asked).toEqual(['stage', 'prepare', 'begin', 'load', 'finish', 'leave'])
})

it('waits no longer for an agent that says nothing any more', async () => {
  const { target } = createIdleTarget(null)
  const { failure, progress } = await driveFor(3600, { ...target, patience: 0.005 })
  expect(failure).toBeInstanceOf(TargetTimeout)
  expect(failure).toMatchObject({ code: 'FCT_GUEST_SILENT', message: 'the agent said nothing for 0.3 s' })
  expect(progress?.seconds).toBe(1)
})

it('says that a machine hangs that is silent, and whose kernel has said that a CPU is stuck', async () => {
  const { target } = createIdleTarget(null)
  const line = 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:'
  const stuckWithin = (ms: number): string | undefined => (ms === 300 ? line : undefined)
  const { failure } = await driveFor(3600, { ...target, patience: 0.005, stuckWithin })
  expect(failure).toBeInstanceOf(TargetHung)
  expect(failure).toMatchObject({
    code: 'FCT_GUEST_HUNG',
    message: `the guest hangs: ${line}`,
    detail: 'the agent said nothing for 0.3 s',
  })
})

it('ends, and says why, when the trace cannot be kept', async () => {
  const { target } = createIdleTarget(null)
  const end = await driveFor(3600, target, { into: join(folder, 'gone') })
  expect(end.failure).toMatchObject({ code: 'FCT_STORE_FAILED' })
  expect(end.spool?.complete).toBe(false)
})

it('loads no longer than the clients work, but finishes in order, so that what happened can be judged', async () => {
  const { target, asked } = createIdleTarget(unexpected)
  const end = await driveFor(3600, target)
  expect(end.failure).toBeUndefined()
  expect(end.progress?.clients.unexpected).toEqual(unexpected)
  expect(asked).toEqual(['stage', 'prepare', 'begin', 'load', 'finish', 'leave'])
})

it('looks for the end of the trace in a machine that hangs, and in none that has given all of it away', async () => {
  const wishesOf = async (change: (target: Target) => Partial<Target>): Promise<unknown[]> => {
    const { target } = createIdleTarget(null)
    const wishes: unknown[] = []
    const autopsy: Target['autopsy'] = (_, wish) => {
      wishes.push(wish)
      return Promise.resolve({ files: [], missing: [] })
    }
    const plan: AutopsyPlan = { into: folder, vmcore: 'never' }
    await driveFor(0.1, { ...target, autopsy, ...change(target) }, { autopsy: plan })
    return wishes
  }
  const trace = { ring, cpus: 2, pageSize: 4096 }
  const hanging = (): Partial<Target> => {
    let hang: (line: string) => void = () => undefined
    const hung = new Promise<string>((resolve) => (hang = resolve))
    // It has been prepared when its trace is read.
    return {
      hung,
      stream: () => {
        hang('soft lockup')
        return Readable.from([])
      },
    }
  }
  expect(await wishesOf(hanging)).toEqual([{ vmcore: false, trace }])
  const lost = new FctError('FCT_TARGET_GONE', 'it is gone')
  expect(await wishesOf(({ ended }) => ({ ended: ended.then(() => Promise.reject(lost)) }))).toEqual([
    { vmcore: false, trace: undefined },
  ])
})
