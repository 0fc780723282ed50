import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readSeriesRange } from '../../../harness/bisect/series-history.js'
import { readPatches } from '../../../vms/patches/read-patches.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-series-'))
  await mkdir(join(folder, 'series'))
})

afterEach(() => rm(folder, { recursive: true }))

function diffOf(path: string, from: string, to: string, prefix = ['a/', 'b/']): string {
  const [a = '', b = ''] = prefix
  return `--- ${a}${path}\n+++ ${b}${path}\n@@ -1 +1 @@\n-int ${from};\n+int ${to};\n`
}

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, 'series', name), text)
}

const read = () => readSeriesRange(join(folder, 'series'), 'debian:6.1', [], join(folder, 'state'))

it('has a candidate for each patch of a quilt series, and folders with the first so many of them', async () => {
  await write('a.patch', diffOf('fs/nfsd/filecache.c', 'one', 'two'))
  await write('b.patch', diffOf('fs/nfsd/vfs.c', 'one', 'two', ['', '']))
  await write('c.patch', diffOf('mm/slub.c', 'one', 'two'))
  await write('series', 'b.patch -p0 # first\na.patch\nc.patch\n')
  const { range, folderOf } = await read()
  expect(range.candidates.map(({ subject, parents }) => [subject, parents])).toEqual([
    ['b.patch', []],
    ['a.patch', [0]],
    ['c.patch', [1]],
  ])
  expect(range.candidates.map(({ base }) => base === 'debian:6.1')).toEqual([true, true, false])
  expect(range.candidates[1]?.weight).toBeGreaterThan(range.candidates[2]?.weight ?? 0)
  const pathsOf = async (path: string) =>
    (await readPatches([path])).patches.flatMap(({ files }) => files.map((file) => file.path))
  await rm(join(folder, 'series'), { recursive: true })
  expect(await pathsOf(await folderOf(2))).toEqual(['fs/nfsd/vfs.c', 'fs/nfsd/filecache.c'])
  expect(await pathsOf(await folderOf(3, 1))).toEqual(['fs/nfsd/vfs.c', 'mm/slub.c'])
})

it('knows each candidate by all that comes before it', async () => {
  await write('1.patch', diffOf('fs/nfsd/vfs.c', 'one', 'two'))
  await write('2.patch', diffOf('fs/nfsd/filecache.c', 'one', 'two'))
  const before = (await read()).range.candidates.map(({ id }) => id)
  await write('1.patch', diffOf('fs/nfsd/vfs.c', 'one', 'three'))
  const after = (await read()).range.candidates.map(({ id }) => id)
  expect(after.map((id, index) => id === before[index])).toEqual([false, false])
})

it('has a candidate for each mail of an mbox that brings a patch; what quotes one, or has none, is left out', async () => {
  const mail = (subject: string, body: string): string =>
    `From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nDate: Fri, 27 Nov 2026 08:00:00 +0000\nSubject: ${subject}\n\n${body}\n`
  const first = diffOf('fs/nfsd/filecache.c', 'one', 'two')
  const second = diffOf('fs/nfsd/vfs.c', 'one', 'two')
  const mbox = [
    mail('[PATCH 0/2] nfsd: twos', 'About them.'),
    mail('[PATCH 1/2] nfsd: two', `Why.\n---\n${first}`),
    mail('Re: [PATCH 1/2] nfsd: two', `${first.replaceAll(/^/gm, '> ')}Looks good.`),
    mail('[PATCH 2/2] nfsd: two more', `Why.\n---\n${second}`),
  ]
  const path = join(folder, 'review.mbox')
  await writeFile(path, mbox.join('\n'))
  const { range, folderOf } = await readSeriesRange(path, 'debian:6.1', [], join(folder, 'state'))
  expect(range.candidates.map(({ subject }) => subject)).toEqual(['nfsd: two', 'nfsd: two more'])
  expect(new Set(range.candidates.map(({ id }) => id)).size).toBe(2)
  const read = async (where: string) =>
    (await readPatches([where])).patches.map(({ origin, files }) => [origin.subject, files[0]?.path])
  expect(await read(await folderOf(1))).toEqual([['[PATCH 1/2] nfsd: two', 'fs/nfsd/filecache.c']])
  expect(await read(await folderOf(2, 0))).toEqual([['[PATCH 2/2] nfsd: two more', 'fs/nfsd/vfs.c']])
})
