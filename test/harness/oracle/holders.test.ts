import { describe, expect, it } from 'vitest'
import { GC, HASHED, REFERENCED, type TraceBuilder } from '../trace-builder.js'
import { found } from './found.js'

describe('in-use-not-taken', () => {
  it('finds what was queued while a caller had it', () => {
    const events = (b: TraceBuilder): TraceBuilder => b.gcLife().file('nfsd_file_acquire').dispose()
    expect(found(events)).toEqual([
      'in-use-not-taken: nfsd_file_gc_disposed in use',
      'in-use-not-taken: nfsd_file_free in use',
    ])
  })

  it('does not count the puts of nfsd_file_do_acquire() against callers', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .file('nfsd_file_cons_err', { pid: 300, ref: 2 })
        .file('nfsd_file_put', { pid: 300, ref: 2 })
        .use()
        .dispose()
    expect(found(events)).toEqual([])
  })

  it('does not know what was acquired before a gap', () => {
    const events = (b: TraceBuilder): TraceBuilder => b.gcLife().file('nfsd_file_acquire').gap().dispose()
    expect(found(events)).toEqual([])
  })
})

describe('two-lists', () => {
  const queued = (b: TraceBuilder): TraceBuilder => b.gcLife().file('nfsd_file_closing', { pid: 200, ref: 0 })

  it('finds an entry of a dispose list on the LRU', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      queued(b).file('nfsd_file_gc_referenced', { pid: 50, ref: 0, flags: REFERENCED | GC })
    expect(found(events)).toContain('two-lists: nfsd_file_gc_referenced on a dispose list')
  })

  it('lets an nfsd_file_gc_in_use pass that is late', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      queued(b).file('nfsd_file_gc_in_use', { pid: 50, ref: 0 }).file('nfsd_file_free', { ref: 0 })
    expect(found(events)).toEqual([])
  })
})

describe('refcount-saturated', () => {
  it('finds a count below zero', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b.gcLife().file('nfsd_file_gc_referenced', { pid: 50, ref: -0x4000_0000, flags: REFERENCED | GC })
    expect(found(events)).toContain('refcount-saturated: nfsd_file_gc_referenced with a saturated count')
  })

  it('takes no freed memory for a count', () => {
    const late = { ref: -0x4000_0000, flags: 0x6b6b_6b6b }
    expect(found((b) => b.gcLife().dispose().file('nfsd_file_unhash', late))).toEqual([])
    expect(found((b) => b.gcLife().file('nfsd_file_gc_referenced', late))).not.toContain(
      'refcount-saturated: nfsd_file_gc_referenced with a saturated count',
    )
  })
})

describe('unhashed-leaves-lru', () => {
  const path = 'unhashed-leaves-lru: nfsd_file_gc_referenced of an unhashed file'
  const unhash = (b: TraceBuilder): TraceBuilder =>
    b.file('nfsd_file_unhash', { pid: 200, ref: 2, flags: GC })
  /** An unhashed entry that is on the LRU; `pid` is the walk's task, of which something is known. */
  const walked = (b: TraceBuilder): TraceBuilder =>
    b
      .file('nfsd_file_gc_referenced', { nf: 9, pid: 50, flags: REFERENCED | GC })
      .file('nfsd_file_gc_referenced', { pid: 50, flags: REFERENCED | GC })
  const listed = (b: TraceBuilder): TraceBuilder =>
    unhash(b.file('nfsd_file_alloc').use()).file('nfsd_file_lru_add')
  const goOn = (b: TraceBuilder, pid: number): TraceBuilder =>
    b.file('nfsd_file_acquire', { nf: 8, pid, flags: HASHED })

  it('finds it when everybody has gone on', () => {
    expect(found((b) => walked(goOn(goOn(listed(b), 100), 200)))).toContain(path)
  })

  it('waits for who unhashed it, and for who listed it', () => {
    expect(found((b) => walked(goOn(listed(b), 100)))).not.toContain(path)
    expect(found((b) => walked(goOn(listed(b), 200)))).not.toContain(path)
  })

  it('takes no event that it does not judge for having gone on', () => {
    const got = (b: TraceBuilder): TraceBuilder =>
      goOn(listed(b).file('nfsd_file_get', { pid: 200, ref: 2, flags: GC }), 100)
    expect(found((b) => walked(got(b)))).not.toContain(path)
    expect(found((b) => walked(goOn(got(b), 200)))).toContain(path)
  })

  it('lets a walk pass that may have begun before', () => {
    const early = (b: TraceBuilder): TraceBuilder =>
      goOn(goOn(listed(b).file('nfsd_file_gc_referenced', { nf: 9, pid: 50, flags: GC }), 100), 200).file(
        'nfsd_file_gc_referenced',
        { pid: 50, flags: GC },
      )
    expect(found(early)).not.toContain(path)
  })

  it('lets the walk pass that unhashes what it takes', () => {
    expect(found((b) => goOn(b.gcLife(), 100).dispose())).toEqual([])
  })
})

describe('free-after-grace-period', () => {
  it('finds memory that comes back too early', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b.gcLife().dispose().gcLife().told('fct_reuse', { nf: 1 }).dispose()
    expect(found(events)).toEqual([
      'free-after-grace-period: nfsd_file_alloc within the grace period of nfsd_file_free',
    ])
  })
})

describe('writeback-holds-gc', () => {
  const disposed = (b: TraceBuilder, writers: number): TraceBuilder =>
    b
      .gcLife()
      .file('nfsd_file_unhash', { pid: 50, ref: 0, flags: GC })
      .file('nfsd_file_gc_disposed', { pid: 50, ref: 0, flags: GC })
      .told('fct_dirty', { nf: 1, writers, pid: 50 })
      .file('nfsd_file_free', { pid: 51, ref: 0, flags: GC })

  it('finds an entry with dirty pages taken off the LRU', () => {
    expect(found((b) => disposed(b, 1))).toEqual([
      'writeback-holds-gc: nfsd_file_gc_disposed with dirty pages',
    ])
  })

  it('says nothing if somebody else may have made them dirty just now', () => {
    expect(found((b) => disposed(b, 2))).toEqual([])
  })
})

describe('endless-loop', () => {
  const retry = (b: TraceBuilder): TraceBuilder =>
    b.file('nfsd_file_cons_err', { ref: 2, flags: GC }).file('nfsd_file_put', { ref: 2, flags: GC })
  const often = (b: TraceBuilder, turns: number, turn: (b: TraceBuilder) => TraceBuilder): TraceBuilder => {
    for (let count = 0; count < turns; count++) turn(b)
    return b
  }

  it('finds an acquire that tries again and again, and says so once', () => {
    const signatures = found((b) => often(b, 500, retry))
    expect(signatures).toEqual(['endless-loop: nfsd_file_cons_err over and over'])
  })

  it('counts from the last acquire', () => {
    expect(found((b) => often(b, 200, (turn) => retry(turn).file('nfsd_file_acquire', { nf: 0 })))).toEqual(
      [],
    )
  })

  it('finds a close that gets no further', () => {
    const closing = (b: TraceBuilder): TraceBuilder =>
      b.file('nfsd_file_closing', { pid: 200, ref: 0, flags: GC })
    expect(found((b) => often(b, 100, closing))).toContain('endless-loop: nfsd_file_closing over and over')
  })

  it('lets a walk pass that meets one entry only', () => {
    const referenced = (b: TraceBuilder): TraceBuilder => b.file('nfsd_file_gc_referenced', { pid: 50 })
    expect(found((b) => often(b, 200, referenced))).toEqual([])
  })
})
