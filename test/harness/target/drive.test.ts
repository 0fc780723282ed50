import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { duplexPair, Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { UnexpectedError } from '../../../addon/index.js'
import { connectAgent } from '../../../harness/agent/agent-client.js'
import type { Request, TraceMetadata } from '../../../harness/agent/protocol.js'
import { FctError } from '../../../harness/fct-error.js'
import { TraceSpool } from '../../../harness/store/trace-spool.js'
import { drive, type DriveEnd, type DrivePlan } from '../../../harness/target/drive.js'
import type { Target } from '../../../harness/target/target.js'
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

/** A machine whose agent does nothing, but says that it did, and how its clients fare once they work. */
function createIdleTarget(fate: UnexpectedError | null): { target: Target; asked: string[] } {
  const [ours, theirs] = duplexPair()
  const asked: string[] = []
  let powerOff = (): void => undefined
  const ended = new Promise<void>((resolve) => (powerOff = resolve))
  const progress = { seconds: 1, clients: { operations: {}, errors: {}, unexpected: fate, stuckThreads: [] } }
  const results: Record<string, unknown> = {
    prepare: { release: '6.1', trace: rawPagesMetadata() },
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
    patienceMs: 60_000,
    hung: new Promise<string>(() => undefined),
    fault: () => new FctError('FCT_TEST_ENDED', 'the machine ended'),
    stop: () => Promise.resolve(),
  }
  return { target, asked }
}

function driveFor(seconds: number, target: Target, enough?: Promise<void>, into = folder): Promise<DriveEnd> {
  const plan = { prepare: {}, load: {}, seconds, enough, quietMs: 0 } as unknown as DrivePlan
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

it('loads no longer than until there was enough, and finishes in order', async () => {
  const { target, asked } = createIdleTarget(null)
  const end = await driveFor(3600, target, Promise.resolve())
  expect(end.failure).toBeUndefined()
  expect(asked).toEqual(['stage', 'prepare', 'begin', 'load', 'finish', 'leave'])
})

it('ends, and says why, when the trace cannot be kept', async () => {
  const { target } = createIdleTarget(null)
  const end = await driveFor(3600, target, undefined, join(folder, 'gone'))
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
