import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { onlyNfsd } from '../../vms/patches/only-nfsd.js'
import { readPatches } from '../../vms/patches/read-patches.js'

const folder = join(packageRoot, 'vms', 'fixes')

it('are patches that can be read and touch nfsd alone', async () => {
  const entries = await readdir(folder, { recursive: true })
  const paths = entries.filter((name) => name.endsWith('.patch')).map((name) => join(folder, name))
  expect(paths).not.toEqual([])
  for (const path of paths) {
    const set = await readPatches([path])
    expect(set, path).toMatchObject({ patches: [{ kind: 'plain' }], leftOut: [] })
    expect(onlyNfsd(set), path).toBe(true)
  }
})
