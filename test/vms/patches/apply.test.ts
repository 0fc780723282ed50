import { linkSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyPatches, tryPatches } from '../../../vms/patches/apply-patches.js'
import type { PatchSet } from '../../../vms/patches/patch.js'
import { readPatches } from '../../../vms/patches/read-patches.js'
import {
  collapseWhiteSpace,
  diffBetween,
  git,
  quote,
  readTree,
  repositoryWith,
  scratchFolder,
  scratchTree,
  writeFiles,
  writePatch,
  type Files,
} from './scratch-tree.js'

const path = 'fs/nfsd/filecache.c'
const other = 'fs/nfsd/trace.h'
const lines = Array.from({ length: 40 }, (_, index) => `\tstep(${index});\n`)
const base = { [path]: lines.join(''), [other]: 'trace\n' }
const changed = (from: string, to: string, files: Files = base): Files => ({
  ...files,
  [path]: (files[path] ?? '').replace(from, to),
})

const read = (...diffs: string[]): Promise<PatchSet> => readPatches(diffs.map((diff) => writePatch(diff)))

it('applies in order, each to what the one before has left', async () => {
  const [second, third] = [changed('(3)', '(33)'), changed('(3)', '(333)')]
  const tree = scratchTree(base)
  const applied = await applyPatches(tree, await read(diffBetween(base, second), diffBetween(second, third)))
  expect(readTree(tree, path)).toBe(third[path])
  expect(applied.files).toEqual([path])
  expect(applied.patches.map(({ files }) => files)).toEqual(Array(2).fill([{ path, change: 'modified' }]))
})

it('applies a review mail after a plain patch', async () => {
  const [second, third] = [changed('(3)', '(33)'), changed('(3)', '(333)')]
  const mail = quote(collapseWhiteSpace(diffBetween(second, third)), 2)
  const tree = scratchTree(base)
  const { patches } = await applyPatches(tree, await read(diffBetween(base, second), mail))
  expect(readTree(tree, path)).toBe(third[path])
  expect(patches.map(({ kind, repairs }) => [kind, repairs.length])).toEqual([
    ['plain', 0],
    ['review-mail', 1],
  ])
})

it('applies a series with its -p', async () => {
  const diff = diffBetween(base, changed('(3)', '(33)')).replace(/ [ab]\//g, ' ')
  const folder = writeFiles(scratchFolder(), { series: 'x.patch -p0\n', 'x.patch': diff })
  const tree = scratchTree(base)
  await applyPatches(tree, await readPatches([folder]))
  expect(readTree(tree, path)).toContain('(33)')
})

it('makes, removes and renames files', async () => {
  const after = { [path]: base[path], 'fs/nfsd/deep/new.c': 'new\n' }
  const tree = scratchTree({ ...base, 'fs/nfsd/old.c': 'x\n'.repeat(9) })
  const diff = diffBetween(
    { ...base, 'fs/nfsd/old.c': 'x\n'.repeat(9) },
    { ...after, 'fs/nfsd/moved.c': 'x\n'.repeat(9) },
  )
  const { files } = await applyPatches(tree, await read(diff))
  expect(files).toEqual(['fs/nfsd/deep/new.c', 'fs/nfsd/moved.c', 'fs/nfsd/old.c', other])
  expect(readdirSync(join(tree, 'fs/nfsd')).sort()).toEqual(['deep', 'filecache.c', 'moved.c'])
})

it('works below a repository that has other things to say, and in a tree that is one', async () => {
  const around = repositoryWith(['base', { README: '' }])
  git(around, 'config', 'apply.whitespace', 'error')
  writeFiles(join(around, 'linux'), base)
  const trailing = changed('step(3);', 'step(3); ')
  const set = await read(diffBetween(base, trailing))
  await applyPatches(join(around, 'linux'), set)
  expect(readTree(join(around, 'linux'), path)).toBe(trailing[path])
  const tree = repositoryWith(['base', base])
  await applyPatches(tree, set)
  expect(readTree(tree, path)).toBe(trailing[path])
})

describe('a tree', () => {
  it('keeps the time stamps of what does not change, and other links to what does', async () => {
    const tree = scratchTree(base)
    const link = join(scratchFolder(), 'link')
    linkSync(join(tree, path), link)
    for (const file of [path, other]) utimesSync(join(tree, file), 1000, 1000)
    const there = diffBetween({ ...base, [other]: 'x\n' }, { ...changed('(3)', '(33)'), [other]: 'y\n' })
    const back = diffBetween({ [other]: 'y\n' }, { [other]: 'x\n' })
    writeFileSync(join(tree, other), 'x\n')
    utimesSync(join(tree, other), 1000, 1000)
    expect((await applyPatches(tree, await read(there, back))).files).toEqual([path])
    expect(statSync(join(tree, other)).mtimeMs).toBe(1_000_000)
    expect(statSync(join(tree, path)).mtimeMs).toBeGreaterThan(1_000_000)
    expect(statSync(link).mtimeMs).toBe(1_000_000)
  })

  it('is left alone by a trial', async () => {
    const tree = scratchTree(base)
    const { files } = await tryPatches(tree, await read(diffBetween(base, changed('(3)', '(33)'))))
    expect(files).toEqual([path])
    expect(readTree(tree, path)).toBe(base[path])
  })

  it('must be there', async () => {
    const set = await read(diffBetween(base, changed('(3)', '(33)')))
    await expect(applyPatches(join(scratchFolder(), 'none'), set)).rejects.toMatchObject({
      code: 'FCT_PATCH_NO_TREE',
    })
  })
})

describe('a patch that does not apply', () => {
  const second = changed('(3)', '(33)')
  const wrong = changed('(30)', '(31)', changed('(33)', '(34)'))
  const both = diffBetween(base, changed('(30)', '(300)', second))

  it('is refused with file, hunk and reject, and the tree stays as it was', async () => {
    const tree = scratchTree(base)
    const set = await read(diffBetween(base, second), diffBetween(wrong, changed('(31)', '(32)', wrong)))
    await expect(applyPatches(tree, set)).rejects.toMatchObject({
      code: 'FCT_PATCH_DOES_NOT_APPLY',
      message: expect.stringContaining(`${path}, hunk 1: does not apply`) as string,
      detail: expect.stringMatching(
        /error: patch failed: fs\/nfsd\/filecache\.c:28\n[^]*^-\tstep\(31\);\n\+\tstep\(32\);$/m,
      ) as string,
    })
    expect(readTree(tree, path)).toBe(base[path])
    expect(readdirSync(join(tree, 'fs/nfsd'))).toEqual(['filecache.c', 'trace.h'])
  })

  it('names the hunk among others', async () => {
    const tree = scratchTree(changed('(30)', '(31)'))
    await expect(applyPatches(tree, await read(both))).rejects.toMatchObject({
      message: expect.stringContaining(`${path}, hunk 2: does not apply`) as string,
    })
  })

  it('may want a file that is not there, or one that is', async () => {
    const missing = await read(both.replaceAll(path, 'fs/nfsd/none.c'))
    await expect(applyPatches(scratchTree(base), missing)).rejects.toMatchObject({
      code: 'FCT_PATCH_DOES_NOT_APPLY',
      message: expect.stringContaining('fs/nfsd/none.c: No such file or directory') as string,
    })
    const fresh = await read(diffBetween({ [other]: 'trace\n' }, base))
    await expect(applyPatches(scratchTree(base), fresh)).rejects.toMatchObject({
      code: 'FCT_PATCH_DOES_NOT_APPLY',
      message: expect.stringContaining(`${path}: already exists`) as string,
    })
  })
})

describe('hostile trees and patches', () => {
  it('do not lead out through a symbolic link', async () => {
    const outside = scratchTree({ 'filecache.c': lines.join('') })
    const set = await read(diffBetween(base, changed('(3)', '(33)')))
    const linkedFolder = scratchTree({ 'fs/README': '' })
    symlinkSync(outside, join(linkedFolder, 'fs/nfsd'))
    const linkedFile = scratchTree({ 'fs/nfsd/README': '' })
    symlinkSync(join(outside, 'filecache.c'), join(linkedFile, path))
    for (const tree of [linkedFolder, linkedFile]) {
      await expect(applyPatches(tree, set)).rejects.toMatchObject({
        code: 'FCT_PATCH_PATH',
        message: expect.stringContaining('is a symbolic link') as string,
      })
    }
    expect(readTree(outside, 'filecache.c')).toBe(lines.join(''))
  })

  it('a new file does not come to stand behind a link either', async () => {
    const outside = scratchFolder()
    const tree = scratchTree({ README: '' })
    symlinkSync(outside, join(tree, 'fs'))
    const set = await read(diffBetween({ README: '' }, { README: '', 'fs/passwd': 'x\n' }))
    await expect(applyPatches(tree, set)).rejects.toMatchObject({ code: 'FCT_PATCH_PATH' })
    expect(readdirSync(outside)).toEqual([])
  })
})

it('undoes what it has written when the tree cannot be written', async () => {
  const tree = scratchTree(base)
  const after = { ...changed('(3)', '(33)'), 'fs/a/new.c': 'x\n', [other]: 'TRACE\n' }
  const set = await read(diffBetween(base, after))
  // In the way of the file that is to take the place of the last one.
  mkdirSync(join(tree, `${other}.fct-${process.pid}`))
  await expect(applyPatches(tree, set)).rejects.toMatchObject({
    code: 'FCT_PATCH_TREE_NOT_WRITABLE',
    message: expect.stringContaining('it is as it was') as string,
  })
  expect(readTree(tree, path)).toBe(base[path])
  expect(readdirSync(join(tree, 'fs'))).toEqual(['nfsd'])
})
