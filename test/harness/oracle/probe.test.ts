import { describe, expect, it } from 'vitest'
import { featuresOf, probeFlavour } from '../../../harness/oracle/flavours/probe.js'
import { readFeatures } from '../fixtures.js'
import { TraceBuilder } from '../trace-builder.js'

const debian = readFeatures('debian-6.1.192-nfsd-file')

describe('probeFlavour', () => {
  it('knows the formats of a real 6.1.192', () => {
    expect(debian.events.size).toBe(24)
    expect(debian.flags).toEqual(
      new Map([
        ['HASHED', 1],
        ['PENDING', 2],
        ['REFERENCED', 4],
        ['GC', 8],
      ]),
    )
    expect(probeFlavour(debian).flavour?.id).toBe('lru-holds-ref')
  })

  it('reads the same from the event types of a trace', () => {
    const fromTrace = featuresOf(new TraceBuilder().build().types)
    expect(fromTrace.flags).toEqual(debian.flags)
    expect(fromTrace.events).toEqual(debian.events)
  })

  it.each<[string, string[], string[], Record<string, number>]>([
    ['a 6.15, where the LRU holds its reference from the open on', [], [], { RECENT: 4 }],
    ['a 7.3', [], ['nfsd_file_gc_aged'], {}],
    ['a 6.0, where the hash table holds a reference', [], ['nfsd_file_put_final'], {}],
    ['the base of the seed patch', [], ['nfsd_file_gc_hashed'], {}],
    ['the seed patch, with closing before its drop', [], ['nfsd_file_close_inode_sync'], {}],
    ['a cache without nfsd_file_closing', ['nfsd_file_closing'], [], {}],
  ])('does not take %s for it', (_, missing, added, flags) => {
    const events = new Set([...debian.events, ...added].filter((name) => !missing.includes(name)))
    const probed = probeFlavour({ events, flags: new Map([...debian.flags, ...Object.entries(flags)]) })
    expect(probed.flavour).toBeUndefined()
    expect(probed.reason).toMatch(/^unknown file cache: events nfsd_file_acquire .*; flags GC HASHED/)
  })

  it('says that there was nothing to probe', () => {
    expect(probeFlavour({ events: new Set(), flags: new Map() }).reason).toContain('no formats')
  })
})
