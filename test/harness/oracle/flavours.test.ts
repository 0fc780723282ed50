import { describe, expect, it } from 'vitest'
import type { FlavourId } from '../../../harness/oracle/flavours/flavour.js'
import { judge, type OracleReport } from '../../../harness/oracle/oracle.js'
import { kernelFeatures } from '../kernel-features.js'
import { GC, HASHED, PENDING, REFERENCED, TraceBuilder } from '../trace-builder.js'

type Events = (builder: TraceBuilder) => TraceBuilder

/** What is said of these events, between a load and a proper end after a quiet of 7 s. */
function report(flavour: FlavourId, events: Events): OracleReport {
  const trace = events(new TraceBuilder(kernelFeatures[flavour]).phase('load'))
    .phase('quiet', 5000)
    .phase('shutdown', 12_000)
    .phase('end', 12_500)
    .build()
  const filecache = [{ phase: 'quiet' as const, text: 'lru entries:   0\n' }]
  const result = judge({
    coverage: 'whole',
    trace,
    console: '[    1.000000] Linux',
    filecache,
    stressors: [],
  })
  expect(result.flavour.id).toBe(flavour)
  return result
}

function found(flavour: FlavourId, events: Events): string[] {
  return report(flavour, events).findings.map(({ signature }) => signature)
}

const unused = { flags: 0 }
const hashed = { flags: HASHED }
const pending = { flags: HASHED | PENDING }

describe('buckets-hold-ref', () => {
  const flavour = 'buckets-hold-ref'
  const used: Events = (b) =>
    b
      .file('nfsd_file_alloc', unused)
      .file('nfsd_file_acquire', { ...hashed, ref: 2 })
      .file('nfsd_file_put', { ...hashed, ref: 2 })
  const closed: Events = (b) =>
    b
      .file('nfsd_file_unhash_and_queue', { ...hashed, pid: 7 })
      .file('nfsd_file_unhash', { ...unused, pid: 7 })
      .file('nfsd_file_put', { ...unused, pid: 7 })
      .file('nfsd_file_free', { ...unused, pid: 7, ref: 0 })

  it('lets a life pass that a close ends, and one whose last user outlives the close', () => {
    expect(found(flavour, (b) => closed(used(b)))).toEqual([])
    const held: Events = (b) =>
      b
        .file('nfsd_file_alloc', unused)
        .file('nfsd_file_acquire', { ...hashed, ref: 2 })
        .file('nfsd_file_unhash_and_queue', { ...hashed, pid: 7, ref: 2 })
        .file('nfsd_file_unhash', { ...unused, pid: 7, ref: 2 })
        .file('nfsd_file_put', unused)
        .file('nfsd_file_free', { ...unused, ref: 0 })
    expect(found(flavour, held)).toEqual([])
  })

  it('lets the losers of the insert race vanish, and counts no life for them', () => {
    const lost: Events = (b) =>
      closed(used(b.file('nfsd_file_alloc', unused))).file('nfsd_file_alloc', unused)
    const { findings, lives } = report(flavour, lost)
    expect(findings).toEqual([])
    expect(lives).toMatchObject({ begun: 1, ended: 1 })
  })

  it('finds what is left of an object that had users', () => {
    expect(found(flavour, used)).toEqual(['leak-after-shutdown: left'])
    expect(found(flavour, (b) => used(b).file('nfsd_file_alloc', unused))).toContain(
      'one-free-per-life: nfsd_file_alloc of a live object',
    )
  })

  it('finds nfsd_file_put_final at one, twice, and a put after it', () => {
    const final =
      (ref: number, pid = 100): Events =>
      (b) =>
        used(b)
          .file('nfsd_file_unhash', unused)
          .file('nfsd_file_free', { ...unused, ref, pid })
    expect(found(flavour, final(1))).toEqual(['free-at-zero: nfsd_file_free after nfsd_file_unhash'])
    expect(found(flavour, (b) => final(0)(b).file('nfsd_file_free', { ...unused, ref: 0 }))).toEqual([
      'one-free-per-life: nfsd_file_free twice',
    ])
    expect(found(flavour, (b) => final(0)(b).file('nfsd_file_put', unused))).toEqual([
      'event-after-free: nfsd_file_put after nfsd_file_free',
    ])
  })

  it('finds an unhash at zero: the bucket holds a reference until after it', () => {
    expect(found(flavour, (b) => b.file('nfsd_file_unhash', { ...unused, ref: 0 }))).toEqual([
      'use-at-zero: nfsd_file_unhash at zero',
    ])
  })

  it('says which rules it has nothing for', () => {
    const { notApplied } = report(flavour, used)
    expect(notApplied.map(({ id }) => id)).toEqual([
      'free-after-grace-period',
      'refcount-saturated',
      'dispose-at-zero',
      'in-use-not-taken',
      'put-without-acquire',
      'lru-alternates',
      'two-lists',
      'acquire-hashed',
      'close-sync-closes',
      'unhashed-leaves-lru',
      'writeback-holds-gc',
      'endless-loop',
      'idle-disposed',
      'counters-match-trace',
    ])
    expect(notApplied.find(({ id }) => id === 'lru-alternates')?.reason).toBe('no tracepoint shows its LRU')
  })
})

describe.each(['table-holds-ref', 'table-holds-ref-gc'] as const)('%s', (flavour) => {
  const gc = flavour === 'table-holds-ref-gc' ? GC : 0
  const made: Events = (b) =>
    b
      .file('nfsd_file_alloc', { flags: HASHED | PENDING | gc, ref: 2 })
      .file('nfsd_file_open', { flags: HASHED | PENDING | gc, ref: 2 })
      .file('nfsd_file_acquire', { flags: HASHED | gc, ref: 2 })
  const used: Events = (b) =>
    made(b)
      .file('nfsd_file_lru_add', { flags: HASHED | REFERENCED | gc, ref: 2 })
      .file('nfsd_file_put', { flags: HASHED | REFERENCED | gc, ref: 2 })
  const disposed: Events = (b) =>
    b
      .file('nfsd_file_gc_referenced', { flags: HASHED | gc, pid: 7 })
      .file('nfsd_file_gc_disposed', { flags: gc, pid: 7 })
      .file('nfsd_file_unhash', { flags: gc, pid: 7 })
      .file('nfsd_file_put', { flags: gc, pid: 8 })
      .file('nfsd_file_free', { flags: gc, pid: 8, ref: 0 })

  it('lets the lives pass that the laundrette and a close end', () => {
    expect(found(flavour, (b) => disposed(used(b)))).toEqual([])
    const closed: Events = (b) =>
      used(b)
        .file('nfsd_file_unhash_and_queue', { flags: HASHED | gc, pid: 7 })
        .file('nfsd_file_unhash', { flags: gc, pid: 7 })
        .file('nfsd_file_lru_del', { flags: gc, pid: 7 })
        .file('nfsd_file_free', { flags: gc, pid: 7, ref: 0 })
    expect(found(flavour, closed)).toEqual([])
  })

  it('lets nfsd_file_put_noref() take off the LRU what is at zero', () => {
    const last: Events = (b) =>
      made(b)
        .file('nfsd_file_unhash', { flags: gc, pid: 7, ref: 2 })
        .file('nfsd_file_lru_add', { flags: gc })
        .file('nfsd_file_put', { flags: gc })
        .file('nfsd_file_gc_hashed', { flags: gc, pid: 8, ref: 0 })
        .file('nfsd_file_lru_del', { flags: gc, ref: 0 })
        .file('nfsd_file_free', { flags: gc, ref: 0 })
    expect(found(flavour, last)).toEqual([])
  })

  it('lets a close be done with an object before its alloc is logged, while it is PENDING', () => {
    const early: Events = (b) =>
      disposed(used(b))
        .file('nfsd_file_unhash_and_queue', { flags: HASHED | PENDING | gc, pid: 7, ref: 2 })
        .file('nfsd_file_unhash', { flags: PENDING | gc, pid: 7, ref: 2 })
        .file('nfsd_file_put', { flags: PENDING | gc, pid: 8, ref: 2 })
        .file('nfsd_file_alloc', { flags: PENDING | gc })
        .file('nfsd_file_free', { flags: gc, ref: 0 })
    expect(found(flavour, early)).toEqual([])
    const late: Events = (b) => disposed(used(b)).file('nfsd_file_put', { flags: gc })
    expect(found(flavour, late)).toEqual(['event-after-free: nfsd_file_put after nfsd_file_free'])
  })

  it('closes the account of the LRU with the life', () => {
    const freed = { flags: gc, ref: 0 }
    expect(found(flavour, (b) => used(b).file('nfsd_file_free', freed))).toEqual([
      'lru-alternates: nfsd_file_free on the LRU',
    ])
    const removed: Events = (b) =>
      made(b).file('nfsd_file_lru_del', { flags: gc }).file('nfsd_file_free', freed)
    expect(found(flavour, removed)).toEqual(['lru-alternates: more removals than nfsd_file_lru_add'])
  })

  it('expects the laundrette to dispose what is hashed, and to pass over what is unhashed and held', () => {
    expect(found(flavour, used)).toContain('idle-disposed: left on the LRU')
    const held: Events = (b) => used(b).file('nfsd_file_unhash', { flags: gc, pid: 7 })
    expect(found(flavour, held)).toEqual(['leak-after-shutdown: left on the LRU'])
  })
})

describe('nfsd_file_close()', () => {
  it('unhashes at zero, in the flavour that has it', () => {
    const unhash: Events = (b) => b.file('nfsd_file_unhash', { flags: 0, ref: 0 })
    expect(found('table-holds-ref', unhash)).toEqual([])
    expect(found('table-holds-ref-gc', unhash)).toEqual(['use-at-zero: nfsd_file_unhash at zero'])
  })
})

describe('seed-v4', () => {
  const flavour = 'seed-v4'
  const heldAtClose: Events = (b) =>
    b
      .file('nfsd_file_alloc', { flags: HASHED | PENDING | GC })
      .file('nfsd_file_acquire')
      .file('nfsd_file_unhash_and_queue', { pid: 7 })
      .file('nfsd_file_unhash', { pid: 7, flags: GC })
      .file('nfsd_file_closing', { pid: 7, flags: GC, ref: 2 })
  const putLast: Events = (b) =>
    b.file('nfsd_file_put', { flags: GC }).file('nfsd_file_free', { flags: GC, ref: 0 })

  it('lets nfsd_file_closing come while others hold references, and the last of them free', () => {
    expect(found(flavour, (b) => putLast(heldAtClose(b)))).toEqual([])
  })

  it('finds what its purge does: it frees what is held', () => {
    const purged: Events = (b) => heldAtClose(b).file('nfsd_file_free', { pid: 7, flags: GC, ref: 2 })
    expect(found(flavour, purged)).toEqual(['free-at-zero: nfsd_file_free after nfsd_file_closing'])
  })

  it('finds what its lookup does: it takes an object at zero from a dispose list', () => {
    const dying: Events = (b) =>
      b.gcLife().file('nfsd_file_unhash', { flags: GC, ref: 0 }).file('nfsd_file_gc_disposed', { ref: 0 })
    expect(found(flavour, (b) => dying(b).file('nfsd_file_lru_del', { pid: 9, ref: 0 }))).toEqual(
      expect.arrayContaining([
        'use-at-zero: nfsd_file_lru_del at zero',
        'lru-alternates: nfsd_file_lru_del without nfsd_file_lru_add',
      ]),
    )
  })

  it('finds that nobody schedules its laundrette', () => {
    expect(found(flavour, (b) => b.gcLife())).toContain('idle-disposed: left on the LRU')
  })
})

describe('lru-holds-ref-from-open', () => {
  const flavour = 'lru-holds-ref-from-open'
  const opened: Events = (b) =>
    b.file('nfsd_file_alloc', pending).file('nfsd_file_open', { flags: HASHED | PENDING | GC })
  const listed: Events = (b) => opened(b).file('nfsd_file_lru_add', { flags: HASHED | PENDING | GC, ref: 2 })
  const used: Events = (b) =>
    listed(b).file('nfsd_file_acquire', { ref: 2 }).file('nfsd_file_put', { ref: 2 })

  it('lets an entry be used while it is listed, and be rotated', () => {
    const rotated: Events = (b) =>
      used(b)
        .file('nfsd_file_gc_aged', { pid: 7 })
        .file('nfsd_file_acquire', { ref: 2 })
        .file('nfsd_file_gc_in_use', { pid: 7, ref: 2 })
        .file('nfsd_file_put', { ref: 2 })
        .file('nfsd_file_gc_referenced', { pid: 7 })
        .dispose()
    expect(found(flavour, rotated)).toEqual([])
  })

  it('lets a close come between list_lru_add() and its tracepoint', () => {
    const late: Events = (b) =>
      opened(b)
        .file('nfsd_file_unhash', { pid: 7, flags: PENDING | GC, ref: 2 })
        .file('nfsd_file_lru_del', { pid: 7, flags: PENDING | GC, ref: 3 })
        .file('nfsd_file_lru_add', { flags: PENDING | GC })
        .file('nfsd_file_acquire', { flags: GC })
        .file('nfsd_file_put', { flags: GC })
        .file('nfsd_file_free', { flags: GC, ref: 0 })
    expect(found(flavour, late)).toEqual([])
  })

  it('lets the loser of the insert race pass, which is freed at one', () => {
    const flags = HASHED | PENDING | GC
    expect(found(flavour, (b) => b.file('nfsd_file_free', { flags, ref: 1 }))).toEqual([])
  })

  it('finds a second addition, a removal without one, and what is left listed', () => {
    const again: Events = (b) => used(b).file('nfsd_file_lru_add', { ref: 2 }).dispose()
    expect(found(flavour, again)).toContain('lru-alternates: nfsd_file_lru_add twice')
    const unlisted: Events = (b) =>
      opened(b).file('nfsd_file_acquire').file('nfsd_file_put').file('nfsd_file_lru_del', { pid: 7 })
    expect(found(flavour, unlisted)).toContain('lru-alternates: nfsd_file_lru_del without nfsd_file_lru_add')
    expect(found(flavour, (b) => used(b).file('nfsd_file_gc_aged', { pid: 7 }))).toContain(
      'idle-disposed: left on the LRU',
    )
  })

  it('finds what is handed out though a close had unhashed it, and what is taken off the LRU in use', () => {
    const closed: Events = (b) =>
      used(b)
        .file('nfsd_file_unhash', { pid: 7, flags: GC, ref: 2 })
        .file('nfsd_file_acquire', { nf: 2 })
        .file('nfsd_file_acquire', { flags: GC, ref: 3 })
    expect(found(flavour, closed)).toContain('acquire-hashed: nfsd_file_acquire of an unhashed file')
    const taken: Events = (b) =>
      listed(b).file('nfsd_file_acquire', { ref: 2 }).file('nfsd_file_gc_disposed', { pid: 7, ref: 0 })
    expect(found(flavour, taken)).toContain('in-use-not-taken: nfsd_file_gc_disposed in use')
    expect(found(flavour, (b) => taken(b).file('nfsd_file_lru_del', { pid: 8 }))).toContain(
      'two-lists: nfsd_file_lru_del on a dispose list',
    )
  })

  it('lets walks rotate an entry as often as they want, and no acquire try as often', () => {
    const often = (b: TraceBuilder, turn: Events): TraceBuilder => {
      for (let count = 0; count < 200; count++) turn(b)
      return b
    }
    for (const tracepoint of ['nfsd_file_gc_aged', 'nfsd_file_gc_in_use'] as const) {
      const rotated = found(flavour, (b) => often(used(b), (e) => e.file(tracepoint, { pid: 7, ref: 2 })))
      expect(rotated.filter((signature) => signature.startsWith('endless-loop'))).toEqual([])
    }
    const retry: Events = (b) => b.file('nfsd_file_cons_err', { flags: GC, ref: 2 })
    expect(found(flavour, (b) => often(b, retry))).toContain('endless-loop: nfsd_file_cons_err over and over')
  })

  it('finds what is disposed while held, rotated at zero, and used after the free', () => {
    expect(found(flavour, (b) => b.file('nfsd_file_gc_disposed', { ref: 1 }))).toEqual([
      'dispose-at-zero: nfsd_file_gc_disposed while held',
    ])
    expect(found(flavour, (b) => b.file('nfsd_file_gc_in_use', { ref: 0 }))).toEqual([
      'use-at-zero: nfsd_file_gc_in_use at zero',
    ])
    expect(found(flavour, (b) => used(b).dispose().file('nfsd_file_gc_aged', { pid: 7 }))).toEqual([
      'event-after-free: nfsd_file_gc_aged after nfsd_file_free',
    ])
  })
})
