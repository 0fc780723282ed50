import { describe, expect, it } from 'vitest'
import { judge, type JudgeInput } from '../../../harness/oracle/oracle.js'
import type { Tracepoint } from '../../../harness/oracle/operations.js'
import { kernelFeatures } from '../kernel-features.js'
import { readRealTrace } from '../real-trace.js'
import { GC, TraceBuilder } from '../trace-builder.js'
import type { Coverage } from '../../../harness/decode/gap-bounds.js'

const emptied = [{ phase: 'quiet' as const, text: 'lru entries:   0\n' }]
const rest: Omit<JudgeInput, 'trace'> = {
  coverage: 'whole',
  console: '[    1.000000] Linux',
  filecache: [],
  stressors: [],
}

describe('a real run of Debian 6.1.192', () => {
  it('breaks no rule', () => {
    const report = judge({ ...rest, trace: readRealTrace('debian-6.1.192-clean').build() })
    expect(report.findings).toEqual([])
    expect(report.events.judged).toBe(4999)
    expect(report.lives.ended).toBeGreaterThan(300)
    expect(report.applied).toEqual(
      expect.arrayContaining([
        'event-after-free',
        'free-at-zero',
        'lru-alternates',
        'put-without-acquire',
        'unhash-once',
      ]),
    )
  })

  it('breaks one as soon as an event is doubled', () => {
    for (const op of ['nfsd_file_free', 'nfsd_file_lru_del', 'nfsd_file_alloc', 'nfsd_file_gc_disposed']) {
      const builder = readRealTrace('debian-6.1.192-clean')
      const at = builder.rows.findIndex((row) => 'op' in row && row.op === op)
      builder.rows.splice(at, 0, builder.rows[at]!)
      expect(judge({ ...rest, trace: builder.build() }).findings, op).not.toEqual([])
    }
  })
})

describe('a real run of Debian 7.3.4', () => {
  const read = (): TraceBuilder =>
    readRealTrace('debian-7.3.4-clean', kernelFeatures['lru-holds-ref-from-open'])

  it('breaks no rule', () => {
    const report = judge({ ...rest, trace: read().build() })
    expect(report.flavour.id).toBe('lru-holds-ref-from-open')
    expect(report.findings).toEqual([])
    expect(report.events.judged).toBe(4500)
    expect(report.lives.ended).toBeGreaterThan(300)
    expect(report.notApplied.filter(({ kind, isForOthers }) => kind === 'safety' && !isForOthers)).toEqual([])
  })

  it.each<[Tracepoint, string]>([
    ['nfsd_file_free', 'one-free-per-life: nfsd_file_free twice'],
    ['nfsd_file_lru_add', 'lru-alternates: nfsd_file_lru_add twice'],
    ['nfsd_file_lru_del', 'lru-alternates: nfsd_file_lru_del without nfsd_file_lru_add'],
    ['nfsd_file_gc_disposed', 'one-free-per-life: nfsd_file_gc_disposed of an object on a dispose list'],
    ['nfsd_file_unhash', 'unhash-once: nfsd_file_unhash twice'],
  ])('breaks one as soon as %s is doubled', (op, signature) => {
    const builder = read()
    const at = builder.rows.findIndex((row) => 'op' in row && row.op === op)
    builder.rows.splice(at, 0, builder.rows[at]!)
    const { findings } = judge({ ...rest, trace: builder.build() })
    expect(findings.map((finding) => finding.signature)).toContain(signature)
  })
})

describe('a real run of Debian 6.1.192 with an nfsd_file_put() too many', () => {
  it('is found out by three rules, the first of them within 0.2 s of the first misdeed', () => {
    const { findings } = judge({ ...rest, trace: readRealTrace('debian-6.1.192-extra-put').build() })
    expect(findings.map(({ signature }) => signature)).toEqual([
      'event-after-free: nfsd_file_gc_referenced after nfsd_file_free',
      'use-at-zero: nfsd_file_gc_referenced at zero',
      'put-without-acquire: nfsd_file_put',
    ])
    expect(findings[0]?.evidence).toMatch(/^> .* nfsd_file_gc_referenced +0 {2}GC$/m)
  })
})

describe('gaps', () => {
  it('make everything unknown that lived at the time: nobody is accused', () => {
    const builder = new TraceBuilder().phase('load').gcLife().gap(1, 12)
    const trace = builder
      .use()
      .file('nfsd_file_lru_add')
      .file('nfsd_file_unhash')
      .gcLife()
      .dispose()
      .phase('quiet')
      .phase('shutdown')
      .phase('end')
      .build()
    const report = judge({ ...rest, trace })
    expect(report.findings).toEqual([])
    expect(report.lives.cutByGaps).toBe(1)
    expect(report.gaps).toMatchObject([{ cpu: 1, missed: 12 }])
  })

  it('hide nothing that a single event shows', () => {
    const { findings } = judge({
      ...rest,
      trace: new TraceBuilder().gap().file('nfsd_file_put', { ref: 0 }).build(),
    })
    expect(findings).toMatchObject([{ rule: 'use-at-zero' }])
  })

  it('do not end the judgement: lives that begin afterwards are judged', () => {
    const { findings } = judge({
      ...rest,
      trace: new TraceBuilder().gap().gcLife().dispose().file('nfsd_file_acquire').build(),
    })
    expect(findings).toMatchObject([{ rule: 'event-after-free' }])
  })

  it('leave no life to look back on at a phase that begins meanwhile', () => {
    const builder = new TraceBuilder().phase('load').phase('quiet', 2000)
    builder.gapDuring(1, (b) => b.gcLife().phase('shutdown', 12_000))
    expect(judge({ ...rest, filecache: emptied, trace: builder.build() })).toMatchObject({
      applied: expect.arrayContaining(['idle-disposed']) as unknown,
      findings: [],
    })
  })

  it('follow the end of the CPU that breaks off first', () => {
    const builder = new TraceBuilder()
    builder
      .gcLife()
      .file('nfsd_file_free', { cpu: 1, ref: 0, flags: GC })
      .file('nfsd_file_put')
      .gcLife(2)
      .gcLife(2)
    const trace = builder.build()
    const rulesFor = (coverage: Coverage): string[] =>
      judge({ ...rest, trace, coverage }).findings.map(({ rule }) => rule)
    expect(rulesFor('whole')).toEqual(['event-after-free', 'one-free-per-life'])
    expect(rulesFor('cut')).toEqual([])
  })

  it('may be anywhere: then only what a single event shows is believed', () => {
    const builder = new TraceBuilder().gcLife().dispose().file('nfsd_file_put', { ref: 0 })
    const { findings, gaps } = judge({ ...rest, trace: builder.build(), coverage: 'holed' })
    expect(findings.map(({ rule }) => rule)).toEqual(['use-at-zero'])
    expect(gaps).toMatchObject([{ cpu: null }])
  })

  it('cut no life short that was never known', () => {
    const builder = new TraceBuilder().gapDuring(1, (b) => b.file('nfsd_file_alloc'))
    expect(judge({ ...rest, trace: builder.build() }).lives.cutByGaps).toBe(0)
  })

  it('cover also what is seen of the other CPUs meanwhile', () => {
    const builder = new TraceBuilder().gcLife()
    builder.gapDuring(1, (b) => b.dispose().use().file('nfsd_file_alloc').file('nfsd_file_alloc'))
    expect(judge({ ...rest, trace: builder.use().build() }).findings).toEqual([])
  })
})

describe('what is not applied', () => {
  const whyNot = (input: Partial<JudgeInput>, id: string): string | undefined =>
    judge({ ...rest, trace: new TraceBuilder().gcLife().build(), ...input }).notApplied.find(
      (rule) => rule.id === id,
    )?.reason

  it('is listed with its reason', () => {
    const unordered = new TraceBuilder().gcLife()
    unordered.clock = 'local'
    expect(whyNot({ trace: unordered.build() }, 'lru-alternates')).toContain('the trace clock is "local"')
    expect(whyNot({ trace: unordered.build() }, 'free-at-zero')).toBeUndefined()
    const raised = { ...new TraceBuilder().gcLife().build(), perCpu: [{ pages: 1, events: 9, raised: 2 }] }
    expect(whyNot({ trace: raised }, 'lru-alternates')).toBe('2 events had stamps out of order')
    expect(whyNot({ trace: null }, 'free-at-zero')).toBe('there is no trace')
    expect(whyNot({ trace: new TraceBuilder().phase('load').build() }, 'free-at-zero')).toBe(
      'the trace has no fct_file event',
    )
    expect(whyNot({ console: '' }, 'console-splat')).toBe('there is no console')
    expect(whyNot({}, 'filecache-counters')).toBe('no samples of /proc/fs/nfsd/filecache')
  })

  it('is every rule over events of an unknown flavour, but not those over texts', () => {
    const trace = new TraceBuilder().gcLife().file('nfsd_file_put', { ref: 0 })
    trace.events = ['nfsd_file_put', 'nfsd_file_put_final']
    const report = judge({ ...rest, trace: trace.build() })
    expect(report.flavour.id).toBeNull()
    expect(report.findings).toEqual([])
    expect(report.applied).toEqual(['resource-leak', 'console-splat'])
  })

  it('can be told the flavour by the formats of the target, if the trace has none', () => {
    const trace = new TraceBuilder().file('nfsd_file_put', { ref: 0 }).build()
    const features = {
      events: new Set(new TraceBuilder().events),
      flags: new Map(Object.entries({ HASHED: 1, PENDING: 2, REFERENCED: 4, GC: 8 })),
    }
    const bare = { ...trace, types: trace.types.filter(({ system }) => system !== 'nfsd') }
    expect(judge({ ...rest, trace: bare, features }).findings).toMatchObject([{ rule: 'use-at-zero' }])
  })
})

describe('findings', () => {
  it('of one signature are one, with the evidence of the first', () => {
    const builder = new TraceBuilder()
      .at(2000)
      .file('nfsd_file_put', { ref: 0 })
      .at(3000)
      .file('nfsd_file_put', { nf: 2, ref: 0 })
    expect(judge({ ...rest, trace: builder.build() }).findings).toMatchObject([
      { count: 2, firstGuestSecond: 2 },
    ])
  })

  it('show the life of the object, with the broken step marked and nobody else in it', () => {
    const builder = new TraceBuilder()
      .at(2000)
      .gcLife(1, 812)
      .gcLife(2)
      .dispose()
      .file('nfsd_file_acquire', { pid: 815, flags: 0x6b6b6b6b })
    const [finding] = judge({ ...rest, trace: builder.build() }).findings
    expect(finding?.evidence.split('\n')).toEqual([
      'nfsd_file_acquire on an object that had been freed',
      'nfsd_file 0xffff888004100100, inode 0xffff888005200100',
      '     second cpu     pid event                    ref  flags',
      '      2.000   0     812 nfsd_file_alloc            1  HASHED|PENDING|GC',
      '      2.000   0     812 nfsd_file_open             1  HASHED|PENDING|GC',
      '      2.000   0     812 nfsd_file_acquire          1  HASHED|GC',
      '      2.000   0     812 nfsd_file_put              1  HASHED|GC',
      '      2.000   0     812 nfsd_file_lru_add          1  HASHED|REFERENCED|GC',
      '      2.000   0      50 nfsd_file_unhash           0  GC',
      '      2.000   0      50 nfsd_file_gc_disposed      0  GC',
      '      2.000   0      51 nfsd_file_free             0  GC',
      '>     2.000   0     815 nfsd_file_acquire          1  HASHED|PENDING|GC|0x6b6b6b60',
    ])
  })

  it('carry the time since boot, by what the module said on the console', () => {
    const trace = new TraceBuilder().at(2000).file('nfsd_file_put', { ref: 0 }).build()
    const at = (console: string): number | undefined =>
      judge({ ...rest, trace, console }).findings[0]?.firstGuestSecond
    expect(at('[   29.056009] fctorture: phase load ms=13796')).toBeCloseTo(17.26, 3)
    expect(at('[   10.500000] fctorture: loading out-of-tree module taints kernel.')).toBe(12.5)
  })
})

describe('/proc/fs/nfsd/filecache', () => {
  const findingsOf = (phase: 'load' | 'quiet', text: string): string[] => {
    const trace = new TraceBuilder()
      .phase('load')
      .gcLife()
      .dispose()
      .phase('quiet', 5000)
      .phase('shutdown', 12_000)
      .build()
    return judge({ ...rest, trace, filecache: [{ phase, text }] }).findings.map(({ signature }) => signature)
  }

  it('shows an underflowed LRU, at any time', () => {
    expect(findingsOf('load', 'lru entries:   18446744073709551599\n')).toEqual([
      'filecache-counters: lru entries below zero',
    ])
  })

  it('shows an underflowed table, once there is no load', () => {
    expect(findingsOf('quiet', 'total inodes:  4294967295\n')).toEqual([
      'filecache-counters: total inodes below zero',
    ])
    expect(findingsOf('load', 'total inodes:  4294967295\n')).toEqual([])
  })

  it('shows entries left on the LRU after the quiet, none before it', () => {
    expect(findingsOf('quiet', 'lru entries:   17\n')).toEqual([
      'filecache-counters: lru entries after three idle laundrette periods',
    ])
    expect(findingsOf('load', 'lru entries:   17\n')).toEqual([])
  })

  it('does not show entries that dirty pages hold, or that had too little time', () => {
    const left = [{ phase: 'quiet' as const, text: 'lru entries:   17\n' }]
    const judgeLeft = (builder: TraceBuilder): string[] =>
      judge({ ...rest, trace: builder.build(), filecache: left }).findings.map(({ signature }) => signature)
    const load = (): TraceBuilder => new TraceBuilder().phase('load').gcLife()
    expect(judgeLeft(load().dispose().phase('quiet', 5000).phase('shutdown', 9000))).toEqual([])
    const dirty = load().file('nfsd_file_gc_writeback').phase('quiet', 5000).phase('shutdown', 12_000)
    expect(judgeLeft(dirty)).toEqual([])
  })

  it('does not show entries that dirty pages hold in a file cache of unknown flavour, or may hold unseen', () => {
    const left = [{ phase: 'quiet' as const, text: 'lru entries:   17\n' }]
    const judgeLeft = (prepare: (builder: TraceBuilder) => TraceBuilder): string[] => {
      const builder = prepare(new TraceBuilder().phase('load').gcLife())
      builder.events = [...builder.events, 'nfsd_file_gc_aged']
      builder.dispose().phase('quiet', 5000).phase('shutdown', 12_000)
      const report = judge({ ...rest, trace: builder.build(), filecache: left })
      expect(report.flavour.id).toBeNull()
      return report.findings.map(({ signature }) => signature)
    }
    expect(judgeLeft((builder) => builder)).toHaveLength(1)
    expect(judgeLeft((builder) => builder.file('nfsd_file_gc_writeback'))).toEqual([])
    expect(judgeLeft((builder) => builder.gap())).toEqual([])
    expect(judge({ ...rest, trace: null, filecache: left }).findings).toEqual([])
  })

  it('is fine as a sound kernel prints it', () => {
    const text = [
      'total inodes:  0',
      'hash buckets:  256',
      'lru entries:   0',
      'cache hits:    17',
      'mean age (ms): -',
      '',
    ].join('\n')
    expect(findingsOf('quiet', text)).toEqual([])
  })
})

describe('notes', () => {
  it('say that the gc stressor hides a laundrette that nobody schedules', () => {
    const trace = new TraceBuilder()
      .phase('load')
      .gcLife()
      .dispose()
      .phase('quiet', 5000)
      .phase('shutdown', 12_000)
      .build()
    const notesFor = (stressors: string[]): string[] =>
      judge({ ...rest, trace, stressors }).notes.map(({ id }) => id)
    expect(notesFor(['close', 'gc'])).toEqual(['idle-disposed'])
    expect(notesFor(['close'])).toEqual([])
  })
})
