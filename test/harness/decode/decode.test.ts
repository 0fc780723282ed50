import { describe, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { findEventColumns } from '../../../harness/decode/event-columns.js'
import { FileEvents } from '../../../harness/decode/file-events.js'
import { findGaps } from '../../../harness/decode/gap-bounds.js'
import { readPhaseMarks } from '../../../harness/decode/phase-marks.js'
import { TraceBuilder } from '../trace-builder.js'

const codeOf = (name: string): number => (name === 'nfsd_file_put' ? 7 : 0)

function viewOf(trace: Trace): FileEvents {
  const events = FileEvents.over(trace, codeOf)
  if (!events) throw new Error('no fct_file')
  return events
}

describe('FileEvents', () => {
  const trace = new TraceBuilder()
    .other()
    .at(1500)
    .file('nfsd_file_put', { nf: 3, inode: 4, file: 5, flags: 9, ref: -2, status: 70, cpu: 1, pid: 812 })
    .phase('quiet', 1600)
    .file('nfsd_file_free', { nf: 3, inode: 0, ref: 0 })
    .build()

  it('reads the event of a row, by the names that the format gives to numbers', () => {
    const events = viewOf(trace)
    events.moveTo(1)
    expect(events).toMatchObject({ operation: 7, flags: 9, ref: -2, status: 70, ms: 1500, cpu: 1, pid: 812 })
    const pointers = [events.nf, events.inode, events.file].map((id) => trace.pointers[id])
    expect(pointers).toEqual([0xffff888004100300n, 0xffff888005200400n, 0xffff888006300500n])
  })

  it('moves on, past rows of other types; what the reader has no code for is 0', () => {
    const events = viewOf(trace)
    events.moveTo(1)
    const { nf } = events
    events.moveTo(3)
    expect(events).toMatchObject({ operation: 0, nf, inode: 0, ref: 0, row: 3 })
    expect(trace.rows.type[3]).toBe(events.type)
  })

  it('is absent from a trace without fct_file', () => {
    expect(FileEvents.over({ ...trace, types: trace.types.slice(0, 1) }, codeOf)).toBeUndefined()
  })

  it('refuses a format that lacks a field, or has it wider than numbers reach', () => {
    const columns = trace.columns.slice()
    const { ref, ...without } = columns[1] ?? {}
    columns[1] = without
    expect(() => FileEvents.over({ ...trace, columns }, codeOf)).toThrow(
      'the trace has no field fctorture:fct_file.ref',
    )
    columns[1] = { ...without, ref: new BigInt64Array(ref?.length ?? 0) }
    expect(() => FileEvents.over({ ...trace, columns }, codeOf)).toThrow('64 bits wide')
  })
})

describe('findEventColumns', () => {
  it('tells events of one name and two systems apart', () => {
    const trace = new TraceBuilder().build()
    expect(findEventColumns(trace, 'nfsd:nfsd_file_put')?.symbols['nf_flags']).toMatchObject({ 8: 'GC' })
    expect(findEventColumns(trace, 'fctorture:nfsd_file_put')).toBeUndefined()
  })
})

describe('readPhaseMarks', () => {
  it('gives row and time of each phase', () => {
    const trace = new TraceBuilder().phase('load', 100).file('nfsd_file_put').phase('quiet', 900).build()
    expect(readPhaseMarks(trace)).toEqual([
      { phase: 'load', row: 0, ms: 100 },
      { phase: 'quiet', row: 2, ms: 900 },
    ])
  })

  it('finds none in a trace of another module', () => {
    const { types, ...trace } = new TraceBuilder().phase('load').build()
    expect(readPhaseMarks({ ...trace, types: types.slice(0, 2) })).toEqual([])
  })
})

describe('findGaps', () => {
  it('begins behind the last event of each CPU, if the reading broke off', () => {
    const trace = new TraceBuilder()
      .file('nfsd_file_put', { cpu: 1 })
      .file('nfsd_file_put')
      .file('nfsd_file_put')
      .build()
    expect(findGaps(trace, 'cut')).toEqual([{ cpu: 1, from: 1, to: 3, missed: null }])
    expect(findGaps(trace, 'whole')).toEqual([])
    expect(findGaps(trace, 'holed')).toEqual([{ cpu: null, from: 0, to: 3, missed: null }])
  })

  it('trusts nothing while a CPU has said nothing at all', () => {
    const trace = new TraceBuilder().file('nfsd_file_put').build()
    expect(findGaps(trace, 'cut')).toEqual([{ cpu: 1, from: 0, to: 1, missed: null }])
  })

  const withGap = (after: bigint, before: bigint): Trace => ({
    ...new TraceBuilder().file('nfsd_file_put').file('nfsd_file_put').file('nfsd_file_put').build(),
    gaps: [{ cpu: 1, after, before, missed: 5 }],
  })

  it('says which rows stand beside missing events: stamps here are 1, 3, 5', () => {
    expect(findGaps(withGap(1n, 5n), 'whole')).toEqual([{ cpu: 1, from: 1, to: 2, missed: 5 }])
    expect(findGaps(withGap(3n, 5n), 'whole')).toEqual([{ cpu: 1, from: 2, to: 2, missed: 5 }])
  })

  it('reaches to the ends of the trace', () => {
    expect(findGaps(withGap(0n, 1n), 'whole')).toMatchObject([{ from: 0, to: 0 }])
    expect(findGaps(withGap(5n, (1n << 64n) - 1n), 'whole')).toMatchObject([{ from: 3, to: 3 }])
    expect(findGaps(withGap(0n, (1n << 64n) - 1n), 'whole')).toMatchObject([{ from: 0, to: 3 }])
  })
})
