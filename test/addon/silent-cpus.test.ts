import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TraceReader, TraceStream, type Batch } from '../../addon/index.js'
import { FrameReader } from '../../harness/store/trace-stream.js'
import { markers } from './marker-lines.js'
import { obstacle, PrivateInstance } from './private-instance.js'

/** Writes a line into the trace, on that CPU. */
function markOn(instance: PrivateInstance, cpu: number, text: string): void {
  const script = `echo ${text} > "$0/trace_marker"`
  const { status } = spawnSync('taskset', ['-c', String(cpu), 'sh', '-c', script, instance.folder])
  expect(status).toBe(0)
}

describe.skipIf(obstacle !== '')("on this host's tracefs", () => {
  let folder = ''
  let instance: PrivateInstance
  let reader: TraceReader | undefined

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fct-silent-cpus-'))
    instance = new PrivateInstance('silent')
  })

  afterEach(async () => {
    reader?.close()
    instance.remove()
    await rm(folder, { recursive: true })
  })

  it('marks CPUs that are silent, so that what others had need not wait for them', async () => {
    const fifo = join(folder, 'fifo')
    spawnSync('mkfifo', [fifo])
    const frames = new FrameReader()
    const live = new TraceStream(instance.metadata(['ftrace:print']))
    const source = createReadStream(fifo)
    source.on('data', (chunk) => {
      for (const frame of frames.push(chunk as Buffer))
        if (frame.kind === 'page') live.push(frame.cpu, frame.data)
    })
    const file = await open(fifo, 'w')
    reader = new TraceReader({ instance: instance.folder, fd: file.fd, markSilentMs: 50 })
    await file.close()
    reader.start()
    const batches = live[Symbol.asyncIterator]()
    const seen: string[] = []
    let last = -1n
    const readTo = async (text: string): Promise<void> => {
      while (!seen.includes(text)) {
        const { value } = await batches.next()
        const { rows, columns } = value as Batch
        for (const stamp of rows.ts) {
          expect(stamp).toBeGreaterThan(last)
          last = stamp
        }
        seen.push(...markers({ rows, columns }, live.types, (id) => live.string(id)))
      }
    }
    // Tracing goes on, and the other CPU has nothing to say.
    for (const [cpu, text] of ['a', 'b', 'c'].entries()) {
      markOn(instance, cpu % 2, text)
      await readTo(text)
    }
    markOn(instance, 0, 'd')
    markOn(instance, 1, 'e')
    await readTo('e')
    expect(seen.filter((text) => text !== 'silent')).toEqual(['a', 'b', 'c', 'd', 'e'])
    source.destroy()
  })
})
