import { describe, expect, it } from 'vitest'
import { GC, HASHED, type TraceBuilder } from '../trace-builder.js'
import { found } from './found.js'

const unhash = (b: TraceBuilder): TraceBuilder => b.file('nfsd_file_unhash', { pid: 200, ref: 2, flags: GC })
const made = (b: TraceBuilder): TraceBuilder => b.file('nfsd_file_alloc').use(1, 100)
const gone = (b: TraceBuilder): TraceBuilder =>
  b.file('nfsd_file_put', { ref: 1, flags: GC }).file('nfsd_file_free', { ref: 0, flags: GC })

describe('acquire-hashed', () => {
  it('finds an acquire that began after the unhash', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      gone(unhash(made(b)).use(2, 100).file('nfsd_file_acquire', { flags: GC }))
    expect(found(events)).toContain('acquire-hashed: nfsd_file_acquire of an unhashed file')
  })

  it('finds it behind the put of a first try', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      gone(
        unhash(made(b))
          .file('nfsd_file_cons_err', { flags: GC })
          .file('nfsd_file_put', { ref: 2, flags: GC })
          .file('nfsd_file_acquire', { flags: GC }),
      )
    expect(found(events)).toContain('acquire-hashed: nfsd_file_acquire of an unhashed file')
  })

  it('lets an acquire pass that may have found it hashed', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      gone(
        unhash(made(b)).file('nfsd_file_lru_del', { nf: 2 }).file('nfsd_file_acquire', { ref: 2, flags: GC }),
      )
    expect(found(events)).not.toContain('acquire-hashed: nfsd_file_acquire of an unhashed file')
  })

  it('says nothing of a task of which nothing is known yet', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      unhash(made(b)).file('nfsd_file_acquire', { pid: 300, flags: HASHED | GC })
    expect(found(events)).not.toContain('acquire-hashed: nfsd_file_acquire of an unhashed file')
  })

  it('knows nothing any more behind a gap', () => {
    const events = (b: TraceBuilder): TraceBuilder =>
      unhash(made(b)).gap().use(2, 100).file('nfsd_file_acquire', { flags: GC })
    expect(found(events)).toEqual([])
  })
})
