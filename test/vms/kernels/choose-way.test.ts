import { describe, expect, it } from 'vitest'
import { chooseWay, type Way } from '../../../vms/kernels/choose-way.js'
import { findProfile, type ProfileName } from '../../../vms/kernels/profiles.js'
import type { PatchSet } from '../../../vms/patches/patch.js'

function patchesOf(...paths: string[]): PatchSet {
  const files = paths.map((path) => ({ change: 'modified' as const, path, oldPath: path, hunks: [] }))
  const patch = {
    kind: 'plain' as const,
    origin: { path: 'a.patch', subject: '' },
    files,
    diff: '',
    strip: 1,
  }
  return { patches: paths.length === 0 ? [] : [patch], leftOut: [] }
}

function choose(provider: 'debian' | 'tree' | 'image', profile: ProfileName, ...paths: string[]): Way {
  return chooseWay({ provider, profile: findProfile(profile), patches: patchesOf(...paths) })
}

describe('chooseWay', () => {
  it('takes a package as it is where nothing asks for more', () => {
    for (const profile of ['stock', 'bare', 'preempt'] as const) {
      expect(choose('debian', profile)).toEqual({
        kernel: 'package',
        nfsd: 'as built',
        reason: 'there are no patches',
      })
    }
  })

  it('builds nfsd.ko alone for patches of fs/nfsd', () => {
    expect(choose('debian', 'stock', 'fs/nfsd/filecache.c', 'fs/nfsd/trace.h')).toEqual({
      kernel: 'package',
      nfsd: 'rebuilt alone',
      reason: 'the patches touch fs/nfsd only',
    })
    expect(choose('image', 'stock', 'fs/nfsd/filecache.c')).toMatchObject({
      kernel: 'image',
      nfsd: 'rebuilt alone',
    })
  })

  it('builds the whole kernel for a patch of anything else, and names the file', () => {
    expect(choose('debian', 'stock', 'fs/nfsd/vfs.c', 'mm/list_lru.c')).toEqual({
      kernel: 'full build',
      nfsd: 'as built',
      reason: 'the patches touch mm/list_lru.c; nfsd is built with it',
    })
    expect(choose('debian', 'stock', 'fs/nfsd/Kconfig').kernel).toBe('full build')
  })

  it('builds one kernel for a profile and nfsd.ko alone for each patch on it', () => {
    expect(choose('debian', 'kasan', 'fs/nfsd/filecache.c')).toMatchObject({
      kernel: 'full build',
      nfsd: 'rebuilt alone',
      reason: expect.stringContaining('profile kasan') as string,
    })
  })

  it('builds a tree whole, and its fs/nfsd apart', () => {
    expect(choose('tree', 'stock')).toMatchObject({ kernel: 'full build', nfsd: 'rebuilt alone' })
  })

  it('refuses what an image cannot give', () => {
    for (const wish of [['kasan'], ['stock', 'mm/slub.c']] as const) {
      const [profile, ...paths] = wish
      expect(() => choose('image', profile, ...paths)).toThrow(
        expect.objectContaining({ code: 'FCT_KERNEL_NO_SOURCE' }) as Error,
      )
    }
  })
})
