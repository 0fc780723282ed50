import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTrace, TraceReader, TraceStream } from '../../addon/index.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata } from '../harness/fixtures.js'
import { obstacle, PrivateInstance } from './private-instance.js'

/*
 * What is opened and closed a thousand times must not leave anything: no descriptor, no thread, no memory. Memory is that of
 * the process, which the allocators and V8 settle in the first rounds.
 */
const rounds = 1000
const settled = 200
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

interface Held {
  readonly threads: number
  readonly descriptors: number
  /** What the process has for itself, in bytes. */
  readonly memory: number
}

/** What is left once V8 has let go of what nobody refers to; native objects go in the loop's next round. */
async function countHeld(): Promise<Held> {
  for (let pass = 0; pass < 2; pass++) {
    collect()
    await setImmediate()
  }
  const comms = readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8'),
  )
  const [, kiB] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return {
    threads: comms.filter((comm) => comm.startsWith('fct-')).length,
    descriptors: countDescriptors(),
    memory: Number(kiB) * 1024,
  }
}

const countDescriptors = (): number => readdirSync('/proc/self/fd').length

/** @param mostKiB That may be left a round: what one object takes is several times as much. */
async function expectNoGrowth(mostKiB: number, round: (number: number) => Promise<void>): Promise<void> {
  let before = await countHeld()
  for (let number = 0; number < rounds; number++) {
    await round(number)
    // V8 does not know what memory a native object has, and would let many of them wait.
    if (number % 20 === 0) collect()
    if (number === settled) before = await countHeld()
  }
  const after = await countHeld()
  expect(after).toMatchObject({ threads: 0, descriptors: before.descriptors })
  expect(after.memory - before.memory).toBeLessThan((rounds - settled) * mostKiB * 1024)
}

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-open-close-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe.skipIf(obstacle !== '')("on this host's tracefs", () => {
  let instance: PrivateInstance
  let sink: FileHandle

  beforeEach(async () => {
    instance = new PrivateInstance('open-close')
    sink = await open('/dev/null', 'w')
  })

  afterEach(async () => {
    await sink.close()
    instance.remove() // EBUSY if a file of it were open
  })

  /** By turns: only made, started, and stopped after something to read. None of them waits for the garbage collector. */
  it('opens and closes trace readers without growth', async () => {
    const descriptors = countDescriptors() + 1 // the marker's
    instance.mark('the first')
    await expectNoGrowth(4, async (number) => {
      const reader = new TraceReader({ instance: instance.folder, fd: sink.fd })
      if (number % 3 > 0) reader.start()
      if (number % 3 > 1) {
        instance.mark(`mark ${number}`)
        expect((await reader.stop()).error).toBeNull()
      }
      reader.close()
      expect(countDescriptors()).toBe(descriptors)
    })
  })
})

const spools = ['cpu0.pages', 'cpu1.pages'].map((name) => join(fixturesFolder('raw-pages'), name))

/** By turns: only opened, left in the middle, and read to the end. */
it('opens recordings without growth', async () => {
  const path = join(folder, 'trace.dat')
  await writeTraceDat(path, { metadata: rawPagesMetadata(), cmdlines: '', spools })
  const descriptors = countDescriptors()
  await expectNoGrowth(24, async (number) => {
    const trace = await openTrace(path, { batchRows: 100 })
    let rows = 0
    if (number % 3 > 0) {
      for await (const batch of trace) {
        rows += batch.rows.count
        if (number % 3 === 1) break
      }
    }
    trace.close()
    expect(countDescriptors()).toBe(descriptors)
    if (number % 3 > 1) expect(rows).toBeGreaterThan(400)
  })
})

/** By turns: only made, with pages that nobody reads, and read to the end. */
it('makes streams without growth', async () => {
  const pages = spools.map((path) => readFileSync(path).subarray(0, 4096))
  await expectNoGrowth(24, async (number) => {
    const stream = new TraceStream(rawPagesMetadata())
    if (number % 3 > 0) for (const [cpu, page] of pages.entries()) stream.push(cpu, page)
    if (number % 3 < 2) return
    stream.end()
    for await (const batch of stream) expect(batch.rows.count).toBeGreaterThan(50)
  })
})
