import { describe, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { LiveJudge } from '../../../harness/oracle/live-judge.js'
import { judge } from '../../../harness/oracle/oracle.js'
import { HASHED, GC, TraceBuilder } from '../trace-builder.js'
import { Random } from './model/random.js'
import { runModel } from './model/run-model.js'
import { mutate, slicesOf } from './pieces.js'

/** Signatures in the order in which they are told, each with the number of the slice behind which it is. */
function tell(trace: Trace, size: number): [string, number][] {
  const live = new LiveJudge(trace)
  return [...slicesOf(trace, size)].flatMap((slice, number) =>
    live.push(slice).map(({ signature }): [string, number] => [signature, number]),
  )
}

/** No event of a CPU stands where its events are missing: the model's phases happen elsewhere then. */
function withoutEventsInGaps(trace: Trace): Trace {
  const { ts, cpu } = trace.rows
  for (const { cpu: lossy, after, before } of trace.gaps)
    ts.forEach((stamp, row) => {
      if (cpu[row] === lossy && stamp > after && stamp < before) cpu[row] = 1 - lossy
    })
  return trace
}

/** Signatures of the findings in the end. */
function finalOf(trace: Trace, coverage: 'whole' | 'cut' = 'whole'): string[] {
  const papers = { console: '[    1.000000] Linux', filecache: [], stressors: [] }
  return judge({ ...papers, trace, coverage }).findings.map(({ signature }) => signature)
}

/** An object is freed with a reference; then `others` happen. */
function freeHeld(others: (builder: TraceBuilder) => void): TraceBuilder {
  const builder = new TraceBuilder().phase('load')
  builder.gcLife().file('nfsd_file_free', { ref: 1, flags: HASHED | GC })
  others(builder)
  return builder
}

describe('what is told while the trace is written', () => {
  it('is told as soon as each CPU has had a later event, once', () => {
    const trace = freeHeld((builder) => {
      for (let use = 0; use < 5; use++) builder.use(2, 100)
      builder.file('nfsd_file_acquire', { nf: 3, cpu: 1 })
      for (let use = 0; use < 5; use++) builder.file('nfsd_file_free', { nf: 2, ref: 1 })
    }).build()
    const first = finalOf(trace)[0]!
    expect(first).toMatch(/^free-at-zero: /)
    const begin = trace.rows.cpu.indexOf(1)
    const told = tell(trace, 1).filter(([signature]) => signature === first)
    expect(told).toEqual([[first, begin]])
  })

  it('is not told of what happened while events were missing, of which nobody knew yet', () => {
    const builder = new TraceBuilder().phase('load').file('nfsd_file_acquire', { nf: 3, cpu: 1 })
    builder.gcLife().dispose()
    builder.gapDuring(1, (events) => events.use())
    builder.file('nfsd_file_acquire', { nf: 3, cpu: 1 }).use(2).file('nfsd_file_acquire', { nf: 3, cpu: 1 })
    const trace = builder.build()
    expect(finalOf(trace)).toEqual([])
    for (const size of [1, 2, 3, 5, 8]) expect(tell(trace, size)).toEqual([])
    expect(finalOf({ ...trace, gaps: [] })).not.toEqual([])
    expect(tell({ ...trace, gaps: [] }, 1)).not.toEqual([])
  })

  it.each(['whole', 'cut'] as const)(
    'is borne out in the end, whatever the trace, if that is %s',
    (coverage) => {
      let count = 0
      for (let seed = 1; seed <= 40; seed++) {
        const trace = withoutEventsInGaps(runModel({ seed, isLossy: seed % 2 === 0, operations: 400 }).trace)
        mutate(trace, new Random(seed))
        const final = finalOf(trace, coverage)
        const told = tell(trace, 1 + seed * 7).map(([signature]) => signature)
        expect(final, `seed ${seed}`).toEqual(expect.arrayContaining(told))
        expect(new Set(told).size).toBe(told.length)
        count += told.length
      }
      expect(count).toBeGreaterThan(40)
    },
  )

  it('is nothing where the kernel is sound', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { trace } = runModel({ seed, isLossy: seed % 2 === 0, operations: 400 })
      expect(tell(trace, 100), `seed ${seed}`).toEqual([])
    }
  })

  it('leaves to the end what a rule says of the end', () => {
    const builder = new TraceBuilder().phase('load').gcLife().file('nfsd_file_acquire', { nf: 3, cpu: 1 })
    const trace = builder.phase('quiet', 5000).phase('shutdown', 60_000).phase('end', 60_100).build()
    expect(finalOf(trace).join()).toContain('leak-after-shutdown')
    expect(tell(trace, 1).join()).not.toContain('leak-after-shutdown')
  })
})
