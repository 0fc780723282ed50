import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TimelineBuilder, type EventTimeline } from '../../../harness/decode/event-timeline.js'
import type { TraceSlice } from '../../../harness/decode/load-trace.js'
import { openTraceSource } from '../../../harness/decode/trace-source.js'
import { writeRecording } from '../commands/recordings.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-timeline-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

async function slicesOf(module: boolean): Promise<TraceSlice[]> {
  const source = await openTraceSource(await writeRecording(join(folder, 'trace.dat'), { module }))
  const slices: TraceSlice[] = []
  for await (const slice of source.read()) slices.push(slice)
  return slices
}

function build(slices: readonly TraceSlice[]): EventTimeline | null {
  const builder = new TimelineBuilder()
  for (const slice of slices) builder.push(slice)
  return builder.finish()
}

function sum(all: readonly { readonly counts: readonly number[] }[]): number {
  return all.flatMap(({ counts }) => counts).reduce((total, count) => total + count, 0)
}

describe('TimelineBuilder', () => {
  it('counts each event of the module once, by tracepoint and by CPU', async () => {
    const slices = await slicesOf(true)
    const timeline = build(slices)!
    const type = slices[0]!.types.findIndex(({ name }) => name === 'fct_file')
    const events = slices.flatMap(({ rows }) => [...rows.type]).filter((one) => one === type).length
    expect(events).toBeGreaterThan(100)
    expect(sum(timeline.tracepoints)).toBe(events)
    expect(sum(timeline.cpus)).toBe(events)
    expect(timeline.tracepoints.map(({ name }) => name)).toContain('nfsd_file_acquire')
  })

  it('widens its bins when a trace is longer, and loses no event by it', async () => {
    const slices = await slicesOf(true)
    const type = slices[0]!.types.findIndex(({ name }) => name === 'fct_file')
    const later = slices.map((slice) => {
      const ms = Array.from(slice.columns[type]!['ms'] as Uint32Array, (value) => value + 10_000_000)
      const columns = slice.columns.map((column, at) =>
        at === type ? { ...column, ms: Uint32Array.from(ms) } : column,
      )
      return { ...slice, columns }
    })
    const [before, after] = [build(slices)!, build([...slices, ...later])!]
    expect(after.binMs).toBeGreaterThan(before.binMs)
    expect(after.cpus[0]!.counts.length).toBeLessThanOrEqual(1200)
    expect(sum(after.tracepoints)).toBe(2 * sum(before.tracepoints))
  })

  it('tells of losses by CPU, of those without a number apart', async () => {
    const [slice] = await slicesOf(true)
    const gap = { cpu: 1, after: slice!.rows.ts[200]!, before: slice!.rows.ts[201]! }
    const timeline = build([
      {
        ...slice!,
        gaps: [
          { ...gap, missed: 70 },
          { ...gap, missed: null },
        ],
      },
    ])!
    const lost = timeline.cpus.map((cpu) => [cpu.lost.reduce((all, one) => all + one, 0), cpu.unknownGaps])
    expect(lost).toEqual([
      [0, 0],
      [70, 1],
    ])
  })

  it('has nothing to tell of a recording without the module', async () => {
    expect(build(await slicesOf(false))).toBeNull()
  })
})
