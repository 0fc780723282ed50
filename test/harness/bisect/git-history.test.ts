import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readGitRange, type GitRange } from '../../../harness/bisect/git-history.js'
import { UsageError } from '../../../harness/fct-error.js'
import { createGitTree, type GitTree } from './git-tree.js'

const { signal } = new AbortController()
let tree: GitTree

beforeEach(async () => {
  tree = await createGitTree()
})

afterEach(() => rm(tree.folder, { recursive: true }))

function read(good = 'v1', bad = 'HEAD', suspects: string[] = []): Promise<GitRange> {
  return readGitRange({ tree: tree.path, good, bad, suspects }, signal)
}

it('puts parents first, merges included, and ends with the bad end', async () => {
  await tree.git('switch', '--quiet', '--create', 'side')
  const side = await tree.commit({ 'fs/nfsd/vfs.c': 'int v;\n' }, 'side')
  await tree.git('switch', '--quiet', 'main')
  const main = await tree.commit({ 'mm/slub.c': 'int s;\n' }, 'main')
  await tree.git('merge', '--quiet', '--no-ff', '--message', 'both', 'side')
  const merge = await tree.git('rev-parse', 'HEAD')
  const { range } = await read()
  expect(range.candidates.map(({ id }) => id).sort()).toEqual([side, main, merge].sort())
  const at = (id: string) => range.candidates.findIndex((candidate) => candidate.id === id)
  expect(range.candidates.at(-1)).toMatchObject({ id: merge, subject: 'both' })
  expect([...(range.candidates.at(-1)?.parents ?? [])].sort()).toEqual([0, 1])
  expect(range.candidates[at(side)]?.parents).toEqual([])
  expect(range.good).toMatchObject({ id: await tree.git('rev-parse', 'v1'), subject: 'first' })
})

it('takes no subject for commits, whatever stands in it', async () => {
  const subject = `one\u001e${'0'.repeat(40)}\u001f\u001f\u001fphantom`
  const id = await tree.commit({ 'fs/nfsd/vfs.c': 'int v;\n' }, subject)
  const { range } = await read()
  expect(range.candidates.map((candidate) => candidate.id)).toEqual([id])
})

it('takes the file cache to be likelier than nfsd, nfsd than the rest, and what the user suspects as likely', async () => {
  await tree.commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'filecache')
  await tree.commit({ 'fs/nfsd/vfs.c': 'int v;\n' }, 'nfsd')
  await tree.commit({ 'drivers/net/dummy.c': 'int d;\n' }, 'rest')
  const weights = async (...suspects: string[]): Promise<number[]> =>
    (await read('v1', 'HEAD', suspects)).range.candidates.map(({ weight }) => weight)
  const [filecache = 0, nfsd = 0, rest = 0] = await weights()
  expect(filecache).toBeGreaterThan(nfsd)
  expect(nfsd).toBeGreaterThan(rest)
  const suspected = await weights('drivers/net')
  expect(suspected[2]).toBe(suspected[0])
})

it('shares evidence where what is built is the same, and a kernel where fs/nfsd alone differs', async () => {
  await tree.commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'changed')
  await tree.commit({ 'Documentation/nfs.rst': 'words\n', 'arch/arm/a.c': 'int a;\n' }, 'nothing built')
  await tree.commit({ 'fs/nfsd/filecache.c': 'int one;\n' }, 'changed back, beside documentation')
  await tree.commit({ 'mm/slub.c': 'int s;\n' }, 'elsewhere')
  await tree.commit({ 'fs/nfsd/Kconfig': 'config NFSD\n\tbool\n' }, 'configuration')
  const { range } = await read()
  const [changed, documented, back, elsewhere, configured] = range.candidates
  expect(documented?.evidence).toBe(changed?.evidence)
  expect(changed?.evidence).not.toBe(range.good.evidence)
  expect(changed?.base).toBe(range.good.base)
  expect(back?.base).toBe(documented?.base)
  expect(new Set([back, elsewhere, configured].map((commit) => commit?.base)).size).toBe(3)
})

it('knows a commit that builds what the good end builds', async () => {
  await tree.commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'changed')
  await tree.commit({ 'fs/nfsd/filecache.c': 'int one;\n' }, 'changed back')
  await tree.commit({ 'fs/nfsd/filecache.c': 'int three;\n' }, 'changed again')
  const { range } = await read()
  expect(range.goodEvidence).toContain(range.candidates[1]?.evidence)
})

describe('refuses', () => {
  const refusalOf = (good?: string, bad?: string): Promise<unknown> =>
    read(good, bad).catch((error: unknown) =>
      error instanceof UsageError ? `${error.code}: ${error.message}\n${error.detail}` : error,
    )

  it('an empty range', async () => {
    expect(await refusalOf('v1', 'v1')).toMatch(
      /^FCT_BISECT_EMPTY_RANGE: v1 and v1 of .* are one commit, \w{40}\n/,
    )
  })

  it('a revision that is not there', async () => {
    expect(await refusalOf('v0')).toMatch(/^FCT_TREE_NO_REVISION: .*no revision "v0"/)
    expect(await refusalOf('v1', '--all')).toMatch(/^FCT_TREE_NO_REVISION: .*no revision "--all"/)
  })

  it('ends that are exchanged, and ends on branches of their own', async () => {
    const fork = await tree.git('rev-parse', 'v1')
    await tree.commit({ 'mm/slub.c': 'int s;\n' }, 'main')
    expect(await refusalOf('HEAD', 'v1')).toMatch(
      /^FCT_BISECT_NOT_ANCESTOR: HEAD comes after v1 in .*\nAre --good and --bad exchanged\?$/,
    )
    await tree.git('switch', '--quiet', '--create', 'side', 'v1')
    await tree.commit({ 'mm/slub.c': 'int t;\n' }, 'side')
    const said = await refusalOf('main', 'side')
    expect(said).toMatch(/^FCT_BISECT_NOT_ANCESTOR: main is no ancestor of side in /)
    expect(said).toContain(`\nThey part at ${fork}: if that is good, name it with --good.`)
  })
})

it('says that uncommitted changes are not tested, and leaves the tree as it is', async () => {
  const head = await tree.commit({ 'fs/nfsd/filecache.c': 'int two;\n' }, 'changed')
  expect((await read()).notices).toEqual([])
  await writeFile(join(tree.path, 'fs/nfsd/filecache.c'), 'int mine;\n')
  const before = await tree.git('status', '--porcelain')
  expect((await read()).notices).toEqual([
    `${tree.path} has uncommitted changes; HEAD is tested as it was committed, ${head.slice(0, 12)}`,
  ])
  expect((await read('v1', 'main~0')).notices).toHaveLength(1)
  expect(await tree.git('status', '--porcelain')).toBe(before)
})
