import { describe, expect, it } from 'vitest'
import { flavours } from '../../../harness/oracle/flavours/probe.js'
import type { FlavourId } from '../../../harness/oracle/flavours/flavour.js'
import { codes } from '../../../harness/oracle/operations.js'
import { judge, type OracleReport } from '../../../harness/oracle/oracle.js'
import type { Defect } from './model/machine.js'
import { runModel, type ModelOptions, type ModelRun } from './model/run-model.js'

function judgeModel(options: ModelOptions): ModelRun & { report: OracleReport } {
  const run = runModel(options)
  const before = { phase: 'start' as const, text: 'lru entries: 0\nacquisitions: 0\nevictions: 0\n' }
  // Where the trace begins late, the counters were read late, too.
  const filecache = [...(options.isLossy ? [] : [before]), { phase: 'quiet' as const, text: run.filecache }]
  return {
    ...run,
    report: judge({
      coverage: 'whole',
      trace: run.trace,
      console: '[    1.000000] Linux',
      filecache,
      stressors: [],
    }),
  }
}

const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

const ids = flavours.map(({ id }) => id)

describe.each(ids)('a sound kernel of the flavour %s', (flavour) => {
  it.each([
    ['in any interleaving', {}],
    ['in that of a preemptible kernel', { isPreemptible: true }],
    ['where the trace begins late and has a gap', { isLossy: true }],
  ])('breaks no rule %s', (_, options) => {
    // Most seeds for the flavour that most kernels of today have.
    for (const seed of flavour === 'lru-holds-ref' ? seeds : seeds.slice(0, 20)) {
      const { report } = judgeModel({ seed, flavour, ...options })
      expect(report.flavour.id).toBe(flavour)
      expect(report.findings, `seed ${String(seed)}`).toEqual([])
      if (!('isLossy' in options)) expect(report.lives.ended).toBe(report.lives.begun)
    }
  })
})

describe('a sound kernel', () => {
  it('is really judged, by every rule, with lives that end and addresses that come again', () => {
    const { report, trace } = judgeModel({ seed: 1 })
    expect(report.notApplied).toEqual([])
    expect(report.flavour.id).toBe('lru-holds-ref')
    expect(report.lives.begun).toBeGreaterThan(50)
    expect(report.lives.ended).toBe(report.lives.begun)
    expect(new Set(trace.columns[1]?.['nf'] as Uint32Array).size).toBeLessThan(report.lives.begun / 2)
  })

  it('shows the late events that naive rules cry wolf at', () => {
    // A late nfsd_file_gc_in_use takes a rarer coincidence: seeds in which it happens.
    const late = new Set([...seeds, 123, 156].flatMap((seed) => lateEvents(runModel({ seed }))))
    expect(late).toEqual(
      new Set([codes.nfsd_file_unhash, codes.nfsd_file_lru_add, codes.nfsd_file_gc_in_use]),
    )
  })
})

/** Codes of what came between a free and the next alloc of an address. */
function lateEvents({ trace }: ModelRun): number[] {
  const { op = [], nf = [] } = (trace.columns[1] ?? {}) as Record<string, ArrayLike<number>>
  const names = trace.types[1]?.symbols['op'] ?? {}
  const freed = new Set<number>()
  const late: number[] = []
  for (let index = 0; index < op.length; index++) {
    const code = codes[names[op[index] ?? 0] as keyof typeof codes]
    const address = nf[index] ?? 0
    if (code === codes.nfsd_file_alloc) freed.delete(address)
    else if (freed.has(address) && code !== codes.nfsd_file_free) late.push(code)
    if (code === codes.nfsd_file_free) freed.add(address)
  }
  return late
}

/** For each defect of a flavour's model, the rules that cannot miss it once it has struck. */
const anywhere: [Defect, string[]][] = [
  ['extra put', ['use-at-zero', 'event-after-free']],
  ['close frees held', ['free-at-zero', 'event-after-free']],
  ['free twice', ['one-free-per-life']],
  ['use after free', ['event-after-free', 'use-at-zero']],
  ['unhash twice', ['unhash-once']],
]
const tableHolds: [Defect, string[]][] = [
  ...anywhere,
  ['add to lru twice', ['lru-alternates']],
  ['remove from dispose list', ['lru-alternates']],
  ['leak the table reference', ['leak-after-shutdown']],
  ['laundrette is never scheduled', ['idle-disposed', 'filecache-counters']],
]
const caught: Record<FlavourId, [Defect, string[]][]> = {
  'buckets-hold-ref': [...anywhere, ['leak the table reference', ['leak-after-shutdown']]],
  'table-holds-ref': tableHolds,
  'table-holds-ref-gc': tableHolds,
  'seed-v4': [
    ['extra put', ['put-without-acquire', 'use-at-zero']],
    ['free twice', ['one-free-per-life']],
    ['use after free', ['event-after-free', 'use-at-zero']],
    ['unhash twice', ['unhash-once']],
    ['remove from dispose list', ['lru-alternates']],
    ['leak the lru reference', ['leak-after-shutdown']],
    ['laundrette is never scheduled', ['idle-disposed', 'filecache-counters']],
    ['purge frees held', ['free-at-zero']],
    ['lookup from dispose list', ['use-at-zero']],
  ],
  'lru-holds-ref': [
    ['extra put', ['put-without-acquire', 'use-at-zero']],
    ['close frees held', ['dispose-at-zero', 'free-at-zero', 'event-after-free']],
    ['free twice', ['one-free-per-life']],
    ['use after free', ['event-after-free', 'use-at-zero']],
    ['add to lru twice', ['lru-alternates']],
    ['remove from dispose list', ['lru-alternates']],
    ['unhash twice', ['unhash-once']],
    ['leak the lru reference', ['leak-after-shutdown']],
    ['close frees later', ['close-sync-closes']],
    ['laundrette is never scheduled', ['idle-disposed', 'filecache-counters']],
  ],
  'lru-holds-ref-from-open': [
    ['extra put', ['put-without-acquire', 'use-at-zero']],
    ['close frees held', ['dispose-at-zero', 'free-at-zero', 'event-after-free']],
    ['free twice', ['one-free-per-life']],
    ['use after free', ['event-after-free', 'use-at-zero']],
    ['add to lru twice', ['lru-alternates']],
    ['unhash twice', ['unhash-once']],
    ['close leaves it on the lru', ['lru-alternates', 'use-at-zero']],
    ['close frees later', ['close-sync-closes']],
    ['laundrette is never scheduled', ['idle-disposed', 'filecache-counters']],
  ],
}

describe.each(ids)('a defect in the flavour %s', (flavour) => {
  it.each(caught[flavour])('"%s" is caught by %j', (defect, rules) => {
    let struck = 0
    for (const seed of seeds) {
      const { misdeeds, idleLeft, report } = judgeModel({ seed, flavour, defect })
      if (misdeeds + idleLeft === 0) continue
      expect(
        report.findings.map(({ rule }) => rule),
        `seed ${String(seed)}`,
      ).toEqual(expect.arrayContaining(rules))
      if (++struck === 6) break
    }
    expect(struck).toBe(6)
  })
})

const fromOpen = 'lru-holds-ref-from-open'

/** Defects whose strokes a rule may miss, because what surrounds them would excuse a sound kernel, too. */
const exposed: [Defect, string, Partial<ModelOptions>?][] = [
  ['lookup ignores hashed', 'acquire-hashed'],
  ['remove from dispose list', 'lru-alternates', { flavour: fromOpen, operations: 4000 }],
  ['close frees held', 'in-use-not-taken'],
  ['close misses', 'close-sync-closes'],
  ['close leaves files open', 'close-sync-closes', { operations: 2400 }],
  ['put does not look again', 'unhashed-leaves-lru', { walkers: 0 }],
  ['put unlinks from dispose list', 'two-lists'],
  ['free without grace period', 'free-after-grace-period'],
  ['lookup ignores hashed', 'acquire-hashed', { flavour: fromOpen }],
  ['close frees held', 'in-use-not-taken', { flavour: fromOpen }],
  ['close misses', 'close-sync-closes', { flavour: fromOpen }],
  ['close leaves files open', 'close-sync-closes', { flavour: fromOpen, operations: 2400 }],
  ['free without grace period', 'free-after-grace-period', { flavour: fromOpen }],
]

describe('a defect', () => {
  it.each(exposed)('"%s" is exposed by %s before long', (defect, rule, options) => {
    const runs = seeds.slice(0, 20).map((seed) => judgeModel({ seed, defect, ...options }).report.findings)
    expect(runs.filter((findings) => findings.some((found) => found.rule === rule)).length).toBeGreaterThan(5)
  })

  it('has the same signatures whatever the seed', () => {
    const signatures = (seed: number): string[] =>
      judgeModel({ seed, defect: 'free twice' }).report.findings.map(({ signature }) => signature)
    expect(signatures(3)).toEqual(['one-free-per-life: nfsd_file_free twice'])
    expect(signatures(4)).toEqual(signatures(3))
  })
})
