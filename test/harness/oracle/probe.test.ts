import { describe, expect, it } from 'vitest'
import { featuresOf, flavours, probeFlavour } from '../../../harness/oracle/flavours/probe.js'
import { readFeatures } from '../fixtures.js'
import { kernelFeatures } from '../kernel-features.js'
import { TraceBuilder } from '../trace-builder.js'

const debian = readFeatures('debian-6.1.192-nfsd-file')

describe('probeFlavour', () => {
  it.each([
    ['debian-5.10.218', 'buckets-hold-ref'],
    ['debian-6.1.192', 'lru-holds-ref'],
    ['debian-7.3.4', 'lru-holds-ref-from-open'],
  ] as const)('knows the formats of %s, and the tests have them right', (kernel, id) => {
    const features = readFeatures(`${kernel}-nfsd-file`)
    expect(probeFlavour(features).flavour?.id).toBe(id)
    const { events, flags } = kernelFeatures[id]
    expect({ events: [...features.events].sort(), flags: Object.fromEntries(features.flags) }).toEqual({
      events: [...events].sort(),
      flags,
    })
  })

  it('reads the same from the event types of a trace', () => {
    const fromTrace = featuresOf(new TraceBuilder().build().types)
    expect(fromTrace.flags).toEqual(debian.flags)
    expect(fromTrace.events).toEqual(debian.events)
  })

  it.each(flavours.map(({ id }) => id))('takes a %s for that, and for nothing else', (id) => {
    const { events, flags } = kernelFeatures[id]
    const features = { events: new Set(events), flags: new Map(Object.entries(flags)) }
    expect(flavours.filter((flavour) => flavour.recognizes(features)).map((flavour) => flavour.id)).toEqual([
      id,
    ])
    expect(probeFlavour(features).flavour?.id).toBe(id)
  })

  it('takes the first kernels with a GC flag for the base of the seed, too, under the older names', () => {
    const { events } = kernelFeatures['table-holds-ref']
    const { flags } = kernelFeatures['table-holds-ref-gc']
    const features = { events: new Set(events), flags: new Map(Object.entries(flags)) }
    expect(probeFlavour(features).flavour?.id).toBe('table-holds-ref-gc')
  })

  it.each<[string, string[], string[], Record<string, number>]>([
    ['one with RECENT and no nfsd_file_gc_aged', [], [], { RECENT: 4 }],
    ['one with nfsd_file_gc_aged and no RECENT', [], ['nfsd_file_gc_aged'], {}],
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
