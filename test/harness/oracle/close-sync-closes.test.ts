import { describe, expect, it } from 'vitest'
import { GC, HASHED, REFERENCED, type TraceBuilder } from '../trace-builder.js'
import { found } from './found.js'

const closer = 200

/** What a call does with an entry that is on the LRU. */
function close(b: TraceBuilder, nf = 1): TraceBuilder {
  return b
    .file('nfsd_file_unhash', { nf, pid: closer, flags: GC })
    .file('nfsd_file_lru_del', { nf, pid: closer, ref: 2, flags: GC })
    .file('nfsd_file_closing', { nf, pid: closer, ref: 0, flags: GC })
    .file('nfsd_file_free', { nf, pid: closer, ref: 0, flags: GC, file: nf })
}

const fput = (b: TraceBuilder, file = 1, pid = closer): TraceBuilder => b.told('fct_fput', { pid, file })

/** So many calls, each for an entry of its own. */
function closeMany(
  b: TraceBuilder,
  count: number,
  happen: (b: TraceBuilder, nf: number) => void,
): TraceBuilder {
  for (let nf = 1; nf <= count; nf++) b.gcLife(nf).closeSync(closer, () => happen(close(b, nf), nf))
  return b
}

describe('close-sync-closes', () => {
  it('accepts what a sound call does', () => {
    expect(found((b) => closeMany(b, 20, fput))).toEqual([])
  })

  it('finds an entry that is hashed after the call', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .closeSync(closer, () => undefined)
        .use(2, 50)
        .file('nfsd_file_gc_referenced', { pid: 50, flags: HASHED | REFERENCED | GC })
        .dispose()
    expect(found(events)).toContain('close-sync-closes: still hashed')
  })

  it('finds it by what the next call clears', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .closeSync(closer, () => undefined)
        .closeSync(closer, (within) => fput(close(within)))
    expect(found(events)).toEqual(['close-sync-closes: still hashed'])
  })

  it('lets a sample pass that may be older than the return', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .closeSync(closer, (within) => fput(close(within)))
        .file('nfsd_file_lru_del', { pid: 50, flags: HASHED | GC })
    expect(found(events)).not.toContain('close-sync-closes: still hashed')
  })

  it('says nothing of what was made while the call ran, or is no GC file, or in another inode', () => {
    const hashed = { pid: 100, flags: HASHED | GC }
    const later = (b: TraceBuilder): TraceBuilder =>
      b
        .closeSync(closer, (within) => within.gcLife())
        .use()
        .file('nfsd_file_lru_add', hashed)
    expect(found(later)).not.toContain('close-sync-closes: still hashed')
    const other = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .closeSync(closer, () => undefined, 2)
        .use()
    expect(found(other)).not.toContain('close-sync-closes: still hashed')
    const plain = (b: TraceBuilder): TraceBuilder =>
      b
        .file('nfsd_file_alloc', { flags: HASHED })
        .closeSync(closer, () => undefined)
        .file('nfsd_file_acquire', { flags: HASHED })
        .file('nfsd_file_put', { flags: HASHED })
        .file('nfsd_file_free', { ref: 0, flags: HASHED })
    expect(found(plain)).toEqual([])
  })

  it('finds what a call queued and did not free', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b
        .gcLife()
        .closeSync(closer, (within) =>
          within
            .file('nfsd_file_unhash', { pid: closer, flags: GC })
            .file('nfsd_file_lru_del', { pid: closer, ref: 2, flags: GC })
            .file('nfsd_file_closing', { pid: closer, ref: 0, flags: GC }),
        )
        .file('nfsd_file_free', { pid: 60, ref: 0, flags: GC })
    expect(found(events)).toEqual(['close-sync-closes: queued and not freed'])
  })

  it('finds struct files that call after call leaves open, but not a few', () => {
    const late = (count: number) => (b: TraceBuilder) =>
      closeMany(b, count, () => undefined).told('fct_fput', { pid: 70, file: 1 })
    expect(found(late(3))).toEqual([])
    expect(found(late(4))).toEqual(['close-sync-closes: struct file open'])
    const now = (b: TraceBuilder): TraceBuilder =>
      closeMany(b, 40, (within, nf) => (nf % 4 === 0 ? fput(within, nf, 70) : undefined))
    expect(found(now)).toEqual([])
  })

  it('cannot tell without the events of struct files', () => {
    expect(found((b) => closeMany(b, 20, () => undefined))).toEqual([])
  })

  it('forgets calls behind a gap', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      b.gcLife().closeSync(closer, (within) => close(within).gap())
    expect(found(events)).toEqual([])
  })
})
