import { describe, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { judge, type JudgeInput, type OracleReport } from '../../../harness/oracle/oracle.js'
import { runModel, type ModelOptions } from './model/run-model.js'
import { readRealTrace, withoutModule } from '../real-trace.js'
import { GC, HASHED, PENDING, TraceBuilder } from '../trace-builder.js'

const rest: Omit<JudgeInput, 'trace'> = {
  coverage: 'whole',
  console: '[    1.000000] Linux',
  filecache: [],
  stressors: [],
}
const single = ['free-at-zero', 'use-at-zero', 'dispose-at-zero']

function judgeOwn(trace: Trace, clock?: string): OracleReport {
  return judge({ ...rest, trace: withoutModule(trace, clock) })
}

describe("nfsd's own events", () => {
  it('of a sound run break no rule, and are judged by those rules that need no identity', () => {
    const report = judgeOwn(readRealTrace('debian-6.1.192-clean').build())
    expect(report).toMatchObject({
      key: 'struct file',
      flavour: { id: 'lru-holds-ref' },
      findings: [],
      applied: [...single, 'put-without-acquire', 'resource-leak', 'console-splat'],
      events: { judged: 4999 },
    })
    expect(report.notApplied.filter(({ reason }) => reason.includes('which nfsd_file'))).toHaveLength(15)
  })

  it('of a run with a put too many show by the same signatures what they can show', () => {
    const trace = readRealTrace('debian-6.1.192-extra-put').build()
    const signaturesOf = ({ findings }: OracleReport): string[] =>
      findings.map(({ signature }) => signature).sort()
    const withModule = judge({ ...rest, trace })
    expect(signaturesOf(judgeOwn(trace))).toEqual(
      signaturesOf(withModule).filter((signature) => !signature.startsWith('event-after-free')),
    )
    expect(signaturesOf(judgeOwn(trace, 'local'))).toEqual(['use-at-zero: nfsd_file_gc_referenced at zero'])
  })

  it.each([
    ['freed while held', (b: TraceBuilder) => b.file('nfsd_file_free', { ref: 2 }), 'free-at-zero'],
    [
      'freed with a saturated count',
      (b: TraceBuilder) => b.file('nfsd_file_free', { ref: -7 }),
      'free-at-zero',
    ],
    ['put at 0', (b: TraceBuilder) => b.file('nfsd_file_put', { ref: 0 }), 'use-at-zero'],
    ['put when saturated', (b: TraceBuilder) => b.file('nfsd_file_put', { ref: -9 }), 'use-at-zero'],
    ['queued while held', (b: TraceBuilder) => b.file('nfsd_file_closing', { ref: 1 }), 'dispose-at-zero'],
  ])('show what was %s', (_, happen, rule) => {
    expect(judgeOwn(happen(new TraceBuilder().gcLife()).build()).findings).toMatchObject([{ rule, count: 1 }])
  })

  it('accuse nobody of what is no defect', () => {
    const builder = new TraceBuilder()
      .gcLife()
      // An acquire that failed has no object, and so no count.
      .file('nfsd_file_acquire', { nf: 0, file: 0, ref: 0, flags: 0, status: 10008 })
      // The loser of the insert race, from 6.12 on.
      .file('nfsd_file_free', { ref: 1, flags: HASHED | PENDING | GC })
    expect(judgeOwn(builder.build()).findings).toEqual([])
  })

  it('show a life by its struct file, in seconds where the clock counts them', () => {
    const trace = new TraceBuilder().gcLife().file('nfsd_file_put', { ref: 0 }).build()
    const [finding] = judgeOwn({ ...trace, rows: { ...trace.rows, ts: stamps(trace) } }, 'local').findings
    expect(finding?.life).toMatchObject({
      key: 'struct file',
      object: '0xffff888006300100#1',
      // nfsd_file_alloc does not tell it.
      count: 5,
    })
    expect(finding?.firstGuestSecond).toBe(0.5)
    expect(finding?.evidence).toMatch(/^> {5}0\.500 .*nfsd_file_put +0 /m)
  })

  it('of a recording that left them out are no proof of anything', () => {
    const report = judgeOwn(new TraceBuilder().file('nfsd_file_open').file('nfsd_file_lru_add').build())
    expect(report.applied).toEqual(['resource-leak', 'console-splat'])
    const reasons = Object.fromEntries(report.notApplied.map(({ id, reason }) => [id, reason]))
    expect(reasons).toMatchObject({
      'free-at-zero': 'the trace has no nfsd_file_free',
      'use-at-zero': 'the trace has no nfsd_file_put',
      'dispose-at-zero': 'the trace has no nfsd_file_closing or nfsd_file_gc_disposed',
      'put-without-acquire': 'the trace has no nfsd_file_acquire',
    })
  })
})

describe("nfsd's own events of a sound kernel", () => {
  /** Each object has the one struct file, whose address comes again as soon as the object's does. */
  const ownTrace = (options: ModelOptions): Trace => {
    const { trace } = runModel(options)
    const columns = trace.columns.map((column) =>
      'nf' in column ? { ...column, file: column['nf'] } : column,
    )
    return { ...trace, columns }
  }

  it('accuse nobody in any interleaving, with all four rules applied', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const report = judgeOwn(ownTrace({ seed, isPreemptible: seed % 2 === 0 }))
      expect(report.findings, `seed ${seed}`).toEqual([])
      expect(report.applied).toEqual(expect.arrayContaining([...single, 'put-without-acquire']))
    }
  })

  it.each([
    ['extra put', 'put-without-acquire'],
    ['close frees held', 'free-at-zero'],
  ] as const)('and show the defect "%s"', (defect, rule) => {
    const found = Array.from({ length: 10 }, (_, seed) => judgeOwn(ownTrace({ seed, defect })).findings)
    expect(found.flat().map((finding) => finding.rule)).toContain(rule)
  })
})

describe('the flavour', () => {
  const trace = (): TraceBuilder => {
    const builder = new TraceBuilder().gcLife().file('nfsd_file_put', { ref: 0 })
    builder.events = ['nfsd_file_put', 'nfsd_file_lru_add', 'nfsd_file_alloc']
    return builder
  }

  it('can be said where the trace describes too few events to tell', () => {
    expect(judge({ ...rest, trace: trace().build() }).flavour.id).toBeNull()
    const report = judge({ ...rest, trace: trace().build(), flavour: 'lru-holds-ref' })
    expect(report.findings).toMatchObject([{ rule: 'use-at-zero' }])
  })

  it('is of no use without the names of the flags', () => {
    const bare = trace()
    bare.events = ['nfsd_file_alloc']
    expect(judge({ ...rest, trace: bare.build(), flavour: 'lru-holds-ref' }).flavour.id).toBeNull()
  })
})

/** A stamp every 0.1 s, from 0 on. */
function stamps({ rows }: Trace): BigUint64Array {
  return rows.ts.map((_, row) => BigInt(row) * 100_000_000n)
}
