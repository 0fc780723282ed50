import { describe, expect, it } from 'vitest'
import { judge } from '../../../harness/oracle/oracle.js'
import { GC, HASHED, PENDING, TraceBuilder } from '../trace-builder.js'
import { found, report } from './found.js'

describe('event-after-free', () => {
  it('finds an acquire of a freed object', () => {
    const signatures = found((b) => b.gcLife().dispose().file('nfsd_file_acquire'))
    expect(signatures).toContain('event-after-free: nfsd_file_acquire after nfsd_file_free')
  })

  it('finds it after a life that began before the trace', () => {
    const signatures = found((b) => b.file('nfsd_file_free', { ref: 0 }).file('nfsd_file_lru_del'))
    expect(signatures).toContain('event-after-free: nfsd_file_lru_del after nfsd_file_free')
  })

  it('lets the unhash of nfsd_file_free() pass', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc', { flags: HASHED | PENDING })
        .file('nfsd_file_acquire', { flags: HASHED })
        .file('nfsd_file_put', { flags: HASHED })
        .file('nfsd_file_free', { ref: 0, flags: HASHED })
        .file('nfsd_file_unhash', { ref: 0, flags: 0 })
    expect(found(events)).toEqual([])
  })

  it('lets one late nfsd_file_lru_add per removal pass, but no more', () => {
    const closed = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc')
        .use(1, 100)
        .file('nfsd_file_unhash', { pid: 200, flags: GC })
        .file('nfsd_file_lru_del', { pid: 200, ref: 2 })
        .file('nfsd_file_closing', { pid: 200, ref: 0 })
        .file('nfsd_file_free', { pid: 200, ref: 0 })
        .file('nfsd_file_lru_add', { pid: 100, ref: 0 })
    expect(found(closed)).toEqual([])
    const unremoved = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc')
        .use(1, 100)
        .file('nfsd_file_unhash', { pid: 200, flags: GC })
        .file('nfsd_file_free', { pid: 200, ref: 0 })
        .file('nfsd_file_lru_add', { pid: 100, ref: 0 })
    expect(found(unremoved)).toEqual(['lru-alternates: nfsd_file_free on the LRU'])
  })
})

describe('free-at-zero', () => {
  it('finds a free while references are held, and names the path', () => {
    const signatures = found((b) => b.gcLife().use().file('nfsd_file_free', { ref: 2 }))
    expect(signatures).toContain('free-at-zero: nfsd_file_free after nfsd_file_put')
  })

  it('lets the loser of the insert race pass, which has no life', () => {
    expect(found((b) => b.file('nfsd_file_free', { ref: 1, flags: HASHED | PENDING | GC }))).toEqual([])
  })

  it('does not take a live object for such a loser', () => {
    const signatures = found((b) =>
      b.file('nfsd_file_alloc').file('nfsd_file_free', { ref: 1, flags: HASHED | PENDING | GC }),
    )
    expect(signatures).toEqual(['free-at-zero: nfsd_file_free after nfsd_file_alloc'])
  })
})

describe('one-free-per-life', () => {
  it('finds a second free', () => {
    expect(found((b) => b.gcLife().dispose().file('nfsd_file_free', { ref: 0 }))).toEqual([
      'one-free-per-life: nfsd_file_free twice',
    ])
  })

  it('lets a failed insertion pass: free and unhash, no alloc', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .dispose()
        .file('nfsd_file_free', { ref: 0, flags: HASHED | PENDING | GC })
        .file('nfsd_file_unhash', { ref: 0, flags: PENDING | GC })
        .gcLife()
        .dispose()
    expect(found(events)).toEqual([])
  })

  it('takes slab poison for no failed insertion', () => {
    const poison = { ref: 0x6b6b6b6b, flags: 0x6b6b6b6b }
    const signatures = found((b) => b.gcLife().dispose().file('nfsd_file_free', poison))
    expect(signatures).toContain('one-free-per-life: nfsd_file_free twice')
  })

  it('finds an alloc without a free before it, and a second disposal', () => {
    expect(found((b) => b.gcLife().gcLife().dispose())).toContain(
      'one-free-per-life: nfsd_file_alloc of a live object',
    )
    const twice = (b: TraceBuilder): TraceBuilder =>
      b.gcLife().file('nfsd_file_closing', { ref: 0 }).dispose()
    expect(found(twice)).toContain('one-free-per-life: nfsd_file_gc_disposed of an object on a dispose list')
  })
})

describe('use-at-zero and dispose-at-zero', () => {
  it('find a put at 0 and one of a saturated count', () => {
    expect(found((b) => b.file('nfsd_file_put', { ref: 0 }))).toEqual(['use-at-zero: nfsd_file_put at zero'])
    expect(found((b) => b.file('nfsd_file_put', { ref: -0x40000000 }))).toEqual([
      'use-at-zero: nfsd_file_put at zero',
    ])
  })

  it('take no account of an acquire that failed', () => {
    expect(found((b) => b.file('nfsd_file_acquire', { nf: 0, ref: 0, flags: 0, status: 10008 }))).toEqual([])
  })

  it('find a held object on a dispose list', () => {
    expect(found((b) => b.file('nfsd_file_closing', { ref: 1 }))).toEqual([
      'dispose-at-zero: nfsd_file_closing while held',
    ])
  })
})

describe('put-without-acquire', () => {
  /**
   * A task of which it is known what it holds: what may have been acquired before the trace began has been
   * put.
   */
  const settled = (b: TraceBuilder, pid = 100): TraceBuilder =>
    b
      .gcLife(9)
      .use(9, pid)
      .file('nfsd_file_put', { nf: 9, pid })
      .file('nfsd_file_put', { nf: 9, pid })
      .dispose(9)

  it('finds one put too many at the next acquire of the task', () => {
    const events = (b: TraceBuilder): TraceBuilder => settled(b).gcLife().file('nfsd_file_put').dispose()
    expect(found(events)).toEqual([])
    expect(found((b) => events(b).gcLife(2).dispose(2))).toEqual(['put-without-acquire: nfsd_file_put'])
  })

  it('lets a put pass that nfsd_file_do_acquire() does when a lease stands in the way', () => {
    const refused = { nf: 0, ref: 0, flags: 0, status: 10008 }
    const events = (b: TraceBuilder): TraceBuilder =>
      settled(b).gcLife().file('nfsd_file_put').file('nfsd_file_acquire', refused).use().dispose()
    expect(found(events)).toEqual([])
  })

  it('does not take that put for one of the reference that the task holds on the same object', () => {
    const refused = { nf: 0, ref: 0, flags: 0, status: 10008 }
    const events = (b: TraceBuilder): TraceBuilder =>
      settled(b)
        .gcLife()
        .file('nfsd_file_acquire')
        .file('nfsd_file_put')
        .file('nfsd_file_acquire', refused)
        .file('nfsd_file_put')
        .use()
        .dispose()
    expect(found(events)).toEqual([])
  })

  it('lets a put after nfsd_file_cons_err pass', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      settled(b).gcLife().file('nfsd_file_cons_err').file('nfsd_file_put').use().dispose()
    expect(found(events)).toEqual([])
  })

  it('says nothing about NFSv4, where another task may put', () => {
    const flags = HASHED
    const events = (b: TraceBuilder): TraceBuilder =>
      settled(b, 8)
        .file('nfsd_file_alloc', { pid: 7, flags })
        .file('nfsd_file_acquire', { pid: 7, flags })
        .file('nfsd_file_put', { pid: 8, flags })
        .file('nfsd_file_free', { pid: 8, ref: 0, flags })
        .gcLife(3, 8)
        .dispose(3)
    expect(found(events)).toEqual([])
  })
})

describe('lru-alternates', () => {
  it('finds a second addition', () => {
    const signatures = found((b) => b.gcLife().use().file('nfsd_file_lru_add').dispose())
    expect(signatures).toContain('lru-alternates: nfsd_file_lru_add twice')
  })

  it('takes an addition that comes late, after the next removal and addition, for what it is', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc')
        .use(1, 100)
        .file('nfsd_file_lru_del', { pid: 101, ref: 2 })
        .use(1, 101)
        .file('nfsd_file_lru_add', { pid: 101 })
        .file('nfsd_file_lru_add', { pid: 100 })
        .dispose()
    expect(found(events)).toEqual([])
  })

  it('finds a removal that nobody can have added for', () => {
    const signatures = found((b) =>
      b.gcLife().file('nfsd_file_lru_del', { pid: 7, ref: 2 }).file('nfsd_file_lru_del', { pid: 7, ref: 2 }),
    )
    expect(signatures).toContain('lru-alternates: nfsd_file_lru_del without nfsd_file_lru_add')
  })

  it('finds an object freed on the LRU, unless the walker says a little later that it took it off', () => {
    const freed = (b: TraceBuilder): TraceBuilder =>
      b.gcLife().file('nfsd_file_unhash').file('nfsd_file_free', { ref: 0, flags: GC })
    expect(found(freed)).toEqual(['lru-alternates: nfsd_file_free on the LRU'])
    expect(found((b) => freed(b).file('nfsd_file_gc_in_use', { ref: 0 }))).toEqual([])
    const cutOff = freed(new TraceBuilder().phase('load'))
    expect(report(cutOff).findings).toEqual([])
  })

  it('does not count an addition of the life before against the next one', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc')
        .use(1, 100)
        .file('nfsd_file_unhash', { pid: 200, flags: GC })
        .file('nfsd_file_lru_del', { pid: 200, ref: 2 })
        .file('nfsd_file_closing', { pid: 200, ref: 0 })
        .file('nfsd_file_free', { pid: 200, ref: 0 })
        .gcLife(1, 101)
        .file('nfsd_file_lru_add', { pid: 100 })
        .dispose()
    expect(found(events)).toEqual([])
  })
})

describe('unhash-once', () => {
  it('finds a second unhash, in life and after the free', () => {
    const unhash = (b: TraceBuilder): TraceBuilder => b.file('nfsd_file_unhash', { ref: 0, flags: GC })
    expect(
      found((b) => unhash(unhash(b.gcLife())).file('nfsd_file_lru_del').file('nfsd_file_free', { ref: 0 })),
    ).toEqual(['unhash-once: nfsd_file_unhash twice'])
    expect(found((b) => unhash(unhash(b.gcLife().dispose())))).toEqual([
      'unhash-once: nfsd_file_unhash twice',
    ])
  })

  it('counts the unhash that came before the alloc', () => {
    const unhash = { pid: 300, flags: PENDING | GC }
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .dispose()
        .file('nfsd_file_unhash', unhash)
        .file('nfsd_file_alloc', { flags: PENDING | GC })
        .file('nfsd_file_unhash', unhash)
        .file('nfsd_file_free', { ref: 0, flags: GC })
    expect(found(events)).toEqual(['unhash-once: nfsd_file_unhash twice'])
  })

  it('does not count the unhash of a life that began before the trace against the next one', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_unhash', { ref: 0, flags: GC })
        .file('nfsd_file_free', { ref: 0, flags: GC })
        .file('nfsd_file_alloc', { flags: PENDING | GC })
        .file('nfsd_file_unhash', { flags: PENDING | GC })
        .file('nfsd_file_free', { ref: 0, flags: GC })
    expect(found(events)).toEqual([])
  })

  it('lets the unhash of the next life pass that comes before its alloc', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .dispose()
        .file('nfsd_file_unhash', { pid: 300, flags: PENDING | GC })
        .file('nfsd_file_alloc', { flags: PENDING | GC })
        .file('nfsd_file_free', { ref: 0, flags: GC })
    expect(found(events)).toEqual([])
  })
})

describe('idle-disposed', () => {
  it('finds an entry that is on the LRU after three laundrette periods', () => {
    expect(found((b) => b.gcLife())).toEqual([
      'idle-disposed: left on the LRU',
      'leak-after-shutdown: left on the LRU',
    ])
  })

  it('finds an object that was queued and not freed', () => {
    const queued = (b: TraceBuilder): TraceBuilder => b.gcLife().file('nfsd_file_gc_disposed', { ref: 0 })
    expect(found(queued)).toContain('idle-disposed: queued and not freed')
  })

  it('counts from the last use', () => {
    const late = new TraceBuilder()
      .phase('load')
      .phase('quiet', 5000)
      .at(6000)
      .gcLife()
      .phase('shutdown', 12_000)
      .dispose()
      .phase('end')
    expect(report(late).findings).toEqual([])
  })

  it('leaves out what dirty pages hold back', () => {
    const dirty = (b: TraceBuilder): TraceBuilder => b.gcLife().file('nfsd_file_gc_writeback')
    expect(found(dirty)).toEqual(['leak-after-shutdown: left on the LRU'])
  })

  it('says nothing if events are missing just before nfsd was stopped', () => {
    const hidden = new TraceBuilder()
      .phase('load')
      .gcLife()
      .phase('quiet', 5000)
      .gap()
      .phase('shutdown', 12_000)
    expect(report(hidden).findings).toEqual([])
  })

  it('is not applied after too short a quiet, unless the LRU was empty by then', () => {
    const hasty = new TraceBuilder()
      .phase('load')
      .gcLife()
      .dispose()
      .phase('quiet', 5000)
      .phase('shutdown', 6000)
    expect(report(hasty).applied).toContain('idle-disposed')
    const full = judge({
      coverage: 'whole',
      trace: hasty.build(),
      console: 'x',
      filecache: [{ phase: 'quiet', text: 'lru entries:   3\n' }],
      stressors: [],
    })
    const { reason } = full.notApplied.find(({ id }) => id === 'idle-disposed') ?? {}
    expect(reason).toBe('only 1.0 s without load before nfsd was stopped, 6.5 s are needed')
  })
})

describe('leak-after-shutdown', () => {
  it('finds what was never freed', () => {
    expect(found((b) => b.file('nfsd_file_alloc', { flags: HASHED }))).toEqual(['leak-after-shutdown: left'])
  })

  it('is not applied to a trace that ends before nfsd had stopped', () => {
    const { findings, notApplied } = report(new TraceBuilder().phase('load').gcLife())
    expect(findings).toEqual([])
    expect(notApplied).toContainEqual(
      expect.objectContaining({
        id: 'leak-after-shutdown',
        reason: 'the trace ends before nfsd had stopped',
      }),
    )
  })
})
