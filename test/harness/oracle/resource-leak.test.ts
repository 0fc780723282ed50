import { describe, expect, it } from 'vitest'
import type { Leftovers } from '../../../harness/oracle/leftovers.js'
import { judge } from '../../../harness/oracle/oracle.js'

const slab = (name: string, objects: number): string =>
  `${name.padEnd(17)} ${String(objects).padStart(6)} ${String(objects + 40).padStart(6)}    192   21    1 : tunables    0    0    0 : slabdata      2      2      0`

const before = [slab('nfsd_file', 0), slab('filp', 1400), slab('cred_jar', 600)].join('\n')
const clean: Leftovers = {
  slabsBefore: before,
  slabsAfter: [slab('filp', 1700), slab('cred_jar', 900)].join('\n'),
  busy: [],
}

function found(leftovers: Partial<Leftovers>, console = '[    1.000000] Linux'): string[] {
  const input = { coverage: 'whole', trace: null, console, filecache: [], stressors: [] } as const
  return judge({ ...input, leftovers: { ...clean, ...leftovers } })
    .findings.filter(({ rule }) => rule === 'resource-leak')
    .map(({ signature }) => signature)
}

describe('resource-leak', () => {
  it('accepts what a sound run leaves', () => {
    expect(found({})).toEqual([])
    expect(found({ slabsBefore: '', slabsAfter: '' })).toEqual([])
  })

  it('finds caches of nfsd that have objects left', () => {
    const slabsAfter = `${clean.slabsAfter}\n${slab('nfsd_file_mark', 3)}`
    expect(found({ slabsAfter })).toEqual(['resource-leak: nfsd_file_mark left'])
  })

  it('takes it from the console, too', () => {
    const splat = [
      '[   63.100000] =============================================================================',
      '[   63.100012] BUG nfsd_file_mark (Tainted: G           OE     ): Objects remaining in nfsd_file_mark on __kmem_cache_shutdown()',
      '[   63.100020] -----------------------------------------------------------------------------',
      '[   63.100030] Slab 0x00000000f0c1e2a3 objects=21 used=1 fp=0x0000000012345678 flags=0x200(workingset|node=0|zone=2)',
    ].join('\n')
    expect(found({}, splat)).toEqual(['resource-leak: nfsd_file_mark left'])
  })

  it('finds struct files and credentials that go on growing', () => {
    const slabsAfter = [slab('filp', 4000), slab('cred_jar', 3000)].join('\n')
    expect(found({ slabsAfter })).toEqual([
      'resource-leak: struct file leaked',
      'resource-leak: struct cred leaked',
    ])
    const quarantine = '[    0.610200] kasan: KernelAddressSanitizer initialized'
    expect(found({ slabsAfter }, quarantine)).toEqual([])
  })

  it('finds a file system that cannot be unmounted', () => {
    expect(found({ busy: ['/srv/fct/ext4'] })).toEqual(['resource-leak: file system busy'])
  })
})
