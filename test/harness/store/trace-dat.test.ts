import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readTrace } from '../../../addon/index.js'
import type { TraceMetadata } from '../../../harness/agent/protocol.js'
import { writeTraceDat } from '../../../harness/store/trace-dat.js'
import { obstacle, PrivateInstance } from '../../addon/private-instance.js'
import { recordTrace } from '../../addon/record-trace.js'
import { fixturesFolder, rawPagesMetadata } from '../fixtures.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-trace-dat-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** The raw pages in trace-cmd's own file of version 6, a file per CPU: behind the last tag stand offset and size of each. */
function takePages(path: string, cpus: number): string[] {
  const bytes = readFileSync(path)
  const table = bytes.lastIndexOf('flyrecord\0') + 10
  return Array.from({ length: cpus }, (_, cpu) => {
    const [offset, size] = [0, 8].map((at) => Number(bytes.readBigUInt64LE(table + cpu * 16 + at)))
    const spool = join(folder, `cpu${cpu}.pages`)
    writeFileSync(spool, bytes.subarray(offset, offset! + size!))
    return spool
  })
}

function metadataOf(systems: readonly string[]): TraceMetadata {
  const instance = new PrivateInstance('trace-dat')
  try {
    const ftrace = readdirSync(join(instance.folder, 'events', 'ftrace')).filter((name) => name !== 'enable')
    const named = ftrace.filter((name) => !name.includes('.')).map((name) => `ftrace:${name}`)
    return {
      ...instance.metadata([...named, ...systems.flatMap((system) => instance.events(system))]),
      clock: 'local',
    }
  } finally {
    instance.remove()
  }
}

async function report(path: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('trace-cmd', ['report', ...args, path], { maxBuffer: 1 << 28 })
  return stdout
}

it.skipIf(obstacle !== '')(
  "our file of the pages of a trace-cmd recording has the report of trace-cmd's own",
  async () => {
    const systems = ['sched', 'syscalls', 'irq', 'signal']
    const args = ['--file-version', '6', ...systems.flatMap((system) => ['-e', system])]
    const command = 'for i in 1 2 3; do sleep 0.02 & done; wait'
    const recorded = await recordTrace({ folder, args, command })
    const { cpus, comms, rows } = await readTrace(recorded)
    const cmdlines = Object.entries(comms).map(([pid, comm]) => `${pid} ${comm}\n`)
    const ours = join(folder, 'ours.dat')
    await writeTraceDat(ours, {
      metadata: metadataOf(systems),
      cmdlines: cmdlines.join(''),
      spools: takePages(recorded, cpus),
    })
    expect(rows.count).toBeGreaterThan(200)
    for (const how of [[], ['-R'], ['-t', '-l']]) {
      const lines = (await report(recorded, ...how)).split('\n')
      expect(lines.length).toBeGreaterThan(rows.count)
      expect((await report(ours, ...how)).split('\n')).toEqual(lines)
    }
  },
)

it("carries the ring buffer's own counters, by CPU, and trace-cmd opens it all the same", async () => {
  const text = 'entries: 1\noverrun: 2\ncommit overrun: 3\nbytes: 9\ndropped events: 4\nread events: 5\n'
  const spools = [0, 1].map((cpu) => join(fixturesFolder('raw-pages'), `cpu${cpu}.pages`))
  const path = join(folder, 'counted.dat')
  await writeTraceDat(path, {
    metadata: rawPagesMetadata(),
    cmdlines: '',
    spools,
    stats: new Map([[1, text]]),
  })
  const { ringStats, clock, rows } = await readTrace(path)
  expect(ringStats).toEqual([null, { entries: 1, overrun: 2, commitOverrun: 3, dropped: 4, read: 5 }])
  expect({ clock, count: rows.count }).toEqual({ clock: 'counter', count: 570 })
  expect((await report(path)).match(/fct_file:/g)?.length).toBeGreaterThan(200)
})
