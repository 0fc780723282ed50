import { describe, expect, it } from 'vitest'
import { judge, type JudgeInput, type OracleReport } from '../../../harness/oracle/oracle.js'
import { TraceBuilder } from '../trace-builder.js'

/** Two uses and an eviction under load, another eviction in the quiet, and an acquire that failed. */
const run = (): TraceBuilder =>
  new TraceBuilder()
    .phase('load')
    .gcLife(1)
    .gcLife(2)
    .file('nfsd_file_acquire', { nf: 0 })
    .dispose(1)
    .phase('quiet', 5000)
    .dispose(2)
    .phase('shutdown', 12_000)
    .phase('end', 12_500)

function report(acquisitions: number, evictions: number, input: Partial<JudgeInput> = {}): OracleReport {
  const counters = `lru entries: 0\nacquisitions: ${String(acquisitions)}\nevictions: ${String(evictions)}\n`
  return judge({
    coverage: 'whole',
    trace: run().build(),
    console: '[    1.000000] Linux',
    filecache: [
      { phase: 'start', text: 'lru entries: 0\nacquisitions: 10\nevictions: 5\n' },
      { phase: 'quiet', text: counters },
    ],
    stressors: [],
    ...input,
  })
}

const signatures = ({ findings }: OracleReport): string[] => findings.map(({ signature }) => signature)
const whyNot = ({ notApplied }: OracleReport): string | undefined =>
  notApplied.find(({ id }) => id === 'counters-match-trace')?.reason

describe('counters-match-trace', () => {
  it('accepts counters that have risen by what the trace has, the quiet included or not', () => {
    expect(signatures(report(12, 6))).toEqual([])
    expect(signatures(report(12, 7))).toEqual([])
  })

  it('finds counters that say less or more than the trace', () => {
    expect(signatures(report(11, 7))).toEqual(['counters-match-trace: acquisitions fewer than events'])
    expect(signatures(report(12, 8))).toEqual(['counters-match-trace: evictions more than events'])
  })

  it('does not compare what cannot be compared', () => {
    expect(whyNot(report(0, 0, { wasRestarted: true }))).toBe('nfsd was restarted, and its counters with it')
    expect(whyNot(report(0, 0, { filecache: [{ phase: 'quiet', text: '' }] }))).toBe(
      'the counters were not read before the load',
    )
    expect(whyNot(report(0, 0, { trace: run().gap().build() }))).toBe('events are missing')
  })
})
