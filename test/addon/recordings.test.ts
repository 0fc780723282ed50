import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTrace } from '../../addon/index.js'
import { obstacle } from './private-instance.js'
import { expectSame, readRawReport } from './raw-report.js'
import { recordTrace } from './record-trace.js'

/*
 * Recordings that trace-cmd makes of this host's kernel, and what libtraceevent reads in them. Debian's trace-cmd packs with
 * zstd only; test/fixtures/trace-dat has what one with zlib wrote.
 */

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-recordings-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** Some of everything: processes, files, sleeps, signals, on all CPUs. */
const command = `
  for i in 1 2 3; do cat /proc/self/status > /dev/null & sleep 0.02; done
  for i in 1 2 3 4 5 6 7 8 9; do echo $i > ${tmpdir()}/fct-recorded-$$; done
  rm ${tmpdir()}/fct-recorded-$$
  kill -CONT $$
  wait
`

describe.skipIf(obstacle !== '')('every field of every event is what libtraceevent reads', () => {
  it('in version 7, compressed with zstd, of many systems', async () => {
    const systems = ['sched', 'syscalls', 'timer', 'irq', 'kmem', 'workqueue', 'signal', 'task', 'writeback']
    const args = ['--compression', 'zstd', ...systems.flatMap((system) => ['-e', system])]
    const path = await recordTrace({ folder, args, command })
    const trace = await readTrace(path)
    expect(trace).toMatchObject({ version: 7, clock: 'local', buffer: '' })
    expect(trace.perCpu.filter(({ events }) => events > 0).length).toBeGreaterThan(1)
    const events = await readRawReport(path)
    expectSame(trace, events)
    const known = events.filter(({ comm }) => !/^<.*>$/.test(comm))
    expect(known.length).toBeGreaterThan(100)
    for (const { pid, comm } of known) expect(trace.comms[pid]).toBe(comm)
  })

  it('with losses, which the kernel and the pages count alike', async () => {
    const args = ['-b', '8', '-s', '300000', '-e', 'sched', '-e', 'syscalls', '-e', 'kmem']
    const path = await recordTrace({ folder, args, command: command.repeat(3) })
    const trace = await readTrace(path)
    expectSame(trace, await readRawReport(path))
    expect(trace.gaps.length).toBeGreaterThan(0)
    trace.ringStats.forEach((ring, cpu) => {
      // trace-cmd saves the counters before it reads the last pages.
      expect(ring!.read + ring!.entries).toBe(trace.perCpu[cpu]!.events)
      const gaps = trace.gaps.filter((gap) => gap.cpu === cpu)
      const counted = gaps.reduce((sum, { missed }) => sum + (missed ?? 0), 0)
      const isUnknown = gaps.some(({ missed }) => missed === null)
      if (isUnknown) expect(counted).toBeLessThan(ring!.overrun)
      else expect(counted).toBe(ring!.overrun)
    })
  })

  it('in version 6, by another clock', async () => {
    const args = ['--file-version', '6', '-C', 'mono', '-e', 'sched', '-e', 'raw_syscalls', '-e', 'irq']
    const path = await recordTrace({ folder, args, command })
    const trace = await readTrace(path)
    expect(trace).toMatchObject({ version: 6, clock: 'mono' })
    expectSame(trace, await readRawReport(path))
  })

  it('in version 7 without compression, each instance for itself', async () => {
    const instance = `fct-test-recordings-${process.pid}`
    const top = ['--compression', 'none', '-e', 'sched']
    const args = [...top, '-B', instance, '-C', 'counter', '-e', 'syscalls', '-e', 'signal']
    const path = await recordTrace({ folder, args, instance, command })
    const events = await readRawReport(path)
    for (const buffer of ['', instance]) {
      const trace = await readTrace(path, { buffer })
      expect(trace).toMatchObject({ version: 7, clock: 'counter', buffer })
      expectSame(
        trace,
        events.filter((event) => event.buffer === buffer),
      )
    }
    const several = { code: 'FCT_DECODE_BUFFERS', message: expect.stringContaining(instance) as string }
    await expect(readTrace(path)).rejects.toMatchObject(several)
  })
})
