import { readFile, rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readGitRange } from '../../../harness/bisect/git-history.js'
import { revertInTree } from '../../../harness/bisect/revert.js'
import { createGitTree, type GitTree } from './git-tree.js'

const { signal } = new AbortController()
let tree: GitTree

beforeEach(async () => {
  tree = await createGitTree()
})

afterEach(() => rm(tree.folder, { recursive: true }))

async function revert(culprit: number) {
  const { range } = await readGitRange({ tree: tree.path, good: 'v1', bad: 'HEAD', suspects: [] }, signal)
  return revertInTree({ tree: tree.path, range, culprit, into: tree.folder }, signal)
}

it('takes a commit back at the bad end, whatever came after it, and touches nothing of the user', async () => {
  const lines = Array.from({ length: 30 }, (_, line) => `int line${line};\n`)
  await tree.commit({ 'fs/nfsd/filecache.c': lines.join('') }, 'lines')
  await tree.commit({ 'fs/nfsd/filecache.c': lines.with(3, 'int culprit;\n').join('') }, 'culprit')
  const later = ['int more;\n', ...lines.with(3, 'int culprit;\n').with(25, 'int other;\n')]
  await tree.commit({ 'fs/nfsd/filecache.c': later.join('') }, 'later')
  const objects = await tree.git('count-objects', '--verbose')
  const { patch = '' } = await revert(1)
  expect(await tree.git('count-objects', '--verbose')).toBe(objects)
  expect(await tree.git('status', '--porcelain')).toBe('')
  expect(await readFile(patch, 'utf8')).toContain('-int culprit;\n+int line3;\n')
  await tree.git('apply', patch)
  expect(await tree.git('diff', '--shortstat')).toBe(' 1 file changed, 1 insertion(+), 1 deletion(-)')
})

it('says why a commit does not revert', async () => {
  await tree.commit({ 'fs/nfsd/filecache.c': 'int culprit;\n' }, 'culprit')
  await tree.commit({ 'fs/nfsd/filecache.c': 'int rewritten;\n' }, 'rewritten')
  expect(await revert(0)).toMatchObject({
    patch: undefined,
    reason: expect.stringMatching(/conflicts/) as string,
  })
  await tree.git('switch', '--quiet', '--create', 'side', 'v1')
  await tree.commit({ 'mm/slub.c': 'int s;\n' }, 'side')
  await tree.git('switch', '--quiet', 'main')
  await tree.git('merge', '--quiet', '--no-ff', '--message', 'both', 'side')
  expect(await revert(3)).toMatchObject({ reason: expect.stringMatching(/is a merge/) as string })
})
