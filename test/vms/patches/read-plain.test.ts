import { execFileSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPatches } from '../../../vms/patches/read-patches.js'
import { diffBetween, git, repositoryWith, scratchFolder, writeFiles, writePatch } from './scratch-tree.js'

const file = 'fs/nfsd/filecache.c'
const one = { [file]: 'one\ntwo\nthree\n' }
const two = { [file]: 'one\nTWO\nthree\n' }
const diff = diffBetweenOnce()

function diffBetweenOnce(): string {
  return `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n`
}

const mailHead = 'From: A <a@example.org>\nDate: Tue, 1 Nov 2022 06:56:57 -0400\nSubject: [PATCH] nfsd: x\n'

function series(): string {
  const three = { [file]: 'one\nTWO\nTHREE\n' }
  return repositoryWith(
    ['base', one],
    ['nfsd: first', two],
    ['nfsd: second', three],
    ['third', { 'fs/nfsd/x.c': '\n' }],
  )
}

it('reads what git format-patch wrote', async () => {
  const folder = series()
  git(folder, 'format-patch', '-q', '-1', 'HEAD~2')
  const { patches } = await readPatches([join(folder, '0001-nfsd-first.patch')])
  expect(patches).toMatchObject([
    {
      kind: 'plain',
      origin: { subject: '[PATCH] nfsd: first' },
      files: [{ path: file, change: 'modified' }],
    },
  ])
})

it('reads an mbox in its order and leaves its cover letter out', async () => {
  const folder = series()
  const mbox = writePatch(git(folder, 'format-patch', '--stdout', '--cover-letter', '-3'), 'mbox')
  const { patches, leftOut } = await readPatches([mbox])
  const subjects = patches.map(({ origin }) => origin.subject)
  expect(subjects).toEqual(['[PATCH 1/3] nfsd: first', '[PATCH 2/3] nfsd: second', '[PATCH 3/3] third'])
  expect(patches.map(({ origin }) => origin.mail)).toEqual([2, 3, 4])
  expect(leftOut).toMatchObject([{ origin: { mail: 1 }, reason: 'no diff in it' }])
})

it('leaves out replies that quote a patch of the same mbox', async () => {
  const patch = git(series(), 'format-patch', '--stdout', '-1', 'HEAD~2')
  const reply = patch.replace(/^(?=diff --git)[^]*/m, (text) => text.replace(/^/gm, '> '))
  const { patches, leftOut } = await readPatches([writePatch(patch + reply, 'thread')])
  expect(patches).toHaveLength(1)
  expect(leftOut).toMatchObject([{ reason: 'a reply that quotes a patch' }])
})

it('reads a bare diff, with text before it or without, and several files in the order given', async () => {
  const withText = writePatch(`What this is for.\n\n${diff}`)
  const { patches } = await readPatches([withText, writePatch(diff)])
  expect(patches.map(({ origin }) => origin.path)).toEqual([withText, expect.any(String)])
  expect(patches.map(({ files }) => files[0]?.hunks.length)).toEqual([1, 1])
})

describe('directories', () => {
  it('follows a series with its comments and options', async () => {
    const series = '# first things\nb.patch\n\na.patch -p0   # no prefix\n'
    const folder = writeFiles(scratchFolder(), {
      series,
      'a.patch': diff.replace(/diff --git.*\n/, '').replace(/ [ab]\//g, ' '),
      'b.patch': diff,
      'c.patch': 'not named in the series',
    })
    const { patches } = await readPatches([folder])
    expect(patches.map(({ origin }) => origin.path)).toEqual([
      join(folder, 'b.patch'),
      join(folder, 'a.patch'),
    ])
    expect(patches).toMatchObject([
      { strip: 1, files: [{ path: file }] },
      { strip: 0, files: [{ path: file }] },
    ])
  })

  it('takes a cover letter of git format-patch for no patch', async () => {
    const folder = scratchFolder()
    git(series(), 'format-patch', '--cover-letter', '-2', '-v2', '-o', folder)
    const { patches } = await readPatches([folder])
    expect(patches.map(({ origin }) => origin.path)).toEqual([
      expect.stringMatching(/v2-0001-.*\.patch$/),
      expect.stringMatching(/v2-0002-.*\.patch$/),
    ])
  })

  it('takes *.patch by name where there is no series', async () => {
    const folder = writeFiles(scratchFolder(), { '2.patch': diff, '1.patch': diff, README: 'no patch' })
    const { patches } = await readPatches([folder])
    expect(patches.map(({ origin }) => origin.path)).toEqual([
      join(folder, '1.patch'),
      join(folder, '2.patch'),
    ])
  })

  it.each(['a.patch -R', '../a.patch', '/a.patch', 'a.patch -p1 -R'])(
    'refuses the series line %s',
    async (line) => {
      const folder = writeFiles(scratchFolder(), { series: line, 'a.patch': diff })
      await expect(readPatches([folder])).rejects.toMatchObject({ code: 'FCT_PATCH_SERIES' })
    },
  )

  it('says when there is nothing', async () => {
    await expect(readPatches([scratchFolder()])).rejects.toMatchObject({ code: 'FCT_PATCH_NONE' })
    await expect(readPatches([])).rejects.toMatchObject({ code: 'FCT_PATCH_NONE' })
  })
})

describe('encodings', () => {
  it('undoes CRLF of a mail and of a bare diff', async () => {
    const mail = writePatch(`${mailHead}\nWhy.\n---\n${diff}`.replaceAll('\n', '\r\n'))
    const bare = writePatch(diff.replaceAll('\n', '\r\n'))
    const { patches } = await readPatches([mail, bare])
    expect(patches).toMatchObject([{ diff: `---\n${diff}` }, { diff }])
  })

  it('leaves the CRs of a file with CRLF alone', async () => {
    const crlf = diffBetween({ x: 'a\r\nb\r\n' }, { x: 'a\r\nc\r\n' })
    const { patches } = await readPatches([writePatch(crlf)])
    expect(patches).toMatchObject([{ diff: crlf }])
  })

  it('undoes quoted-printable with =20 and long lines', async () => {
    const long = `/* ${'long '.repeat(30)}= */`
    const wide = diff.replace('+TWO', `+${long}`).replace(' one', ' one ')
    const encoded = wide
      .replaceAll('=', '=3D')
      .replace(' one \n', ' one=20\n')
      .replace(/^.{71,}$/m, softBreaks)
    const head = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n'
    const text = `${mailHead}${head}Content-Transfer-Encoding: quoted-printable\n\nWhy.\n---\n${encoded}`
    expect(text).toContain('=\n')
    const { patches } = await readPatches([writePatch(text)])
    expect(patches).toMatchObject([{ diff: `---\n${wide}` }])
  })

  const softBreaks = (line: string): string => line.replace(/.{70}/g, '$&=\n')

  it('keeps bytes that are no UTF-8', async () => {
    const latin = diff.replace('TWO', 'J\xf6rg')
    const { patches } = await readPatches([writePatch(latin)])
    expect(patches).toMatchObject([{ diff: latin }])
  })

  it('decodes a subject', async () => {
    const text = `${mailHead.replace('nfsd: x', '=?UTF-8?q?nfsd:_=C3=BC?=')}\n---\n${diff}`
    const { patches } = await readPatches([writePatch(text)])
    expect(patches).toMatchObject([{ origin: { subject: '[PATCH] nfsd: \u00fc' } }])
  })
})

it('sees renames, new and deleted files', async () => {
  const body = 'a line\n'.repeat(20)
  const folder = repositoryWith(['base', { old: body, gone: 'x\n' }])
  git(folder, 'mv', 'old', 'new')
  git(folder, 'rm', '-q', 'gone')
  writeFiles(folder, { new: `${body}more\n`, fresh: 'y\n' })
  git(folder, 'add', '-A')
  const { patches } = await readPatches([writePatch(git(folder, 'diff', '--cached', '-M'))])
  expect(patches[0]?.files).toMatchObject([
    { change: 'added', path: 'fresh' },
    { change: 'deleted', path: 'gone' },
    { change: 'renamed', oldPath: 'old', path: 'new' },
  ])
})

describe('refuses', () => {
  const code = (text: string, wanted: string): Promise<void> =>
    expect(readPatches([writePatch(text)])).rejects.toMatchObject({ code: wanted })

  it('binary diffs', async () => {
    const folder = repositoryWith(['base', { x: 'a\0b' }], ['next', { x: 'a\0c' }])
    await code(git(folder, 'diff', 'HEAD~1'), 'FCT_PATCH_BINARY')
    await code(git(folder, 'diff', '--binary', 'HEAD~1'), 'FCT_PATCH_BINARY')
  })

  it.each([
    '../../etc/passwd',
    'b/../../etc/passwd',
    '/etc/passwd',
    'b//etc/passwd',
    'b/.git/config',
    'b/sub/.GIT/hooks/post-checkout',
    'b/a name',
    'b/"fs/nfsd/x.c"',
  ])('the path %s', async (path) => {
    await code(`--- ${path}\n+++ ${path}\n@@ -1 +1 @@\n-a\n+b\n`, 'FCT_PATCH_PATH')
    await code(`--- /dev/null\n+++ ${path}\n@@ -0,0 +1 @@\n+b\n`, 'FCT_PATCH_PATH')
  })

  it('a rename from outside', async () => {
    const header = 'similarity index 100%\nrename from ../secret\nrename to shown\n'
    await code(`diff --git a/../secret b/shown\n${header}`, 'FCT_PATCH_PATH')
  })

  it('symbolic links', async () => {
    const header = 'new file mode 120000\n--- /dev/null\n+++ b/x\n'
    await code(
      `diff --git a/x b/x\n${header}@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n`,
      'FCT_PATCH_FILE_KIND',
    )
  })

  it('a hunk that is cut short, and text without a diff', async () => {
    await code(diff.replace(' three\n', ''), 'FCT_PATCH_HUNK_CUT')
    await code('Dear all,\n', 'FCT_PATCH_NO_DIFF')
    await code(`${mailHead}\nDear all,\n`, 'FCT_PATCH_NO_DIFF')
  })

  it('what git does not understand', async () => {
    await code(diff.replace(/^---/m, 'deleted file mode 100644\n---'), 'FCT_PATCH_MALFORMED')
  })

  it('what is too large, missing or no file, without reading it', async () => {
    const large = writePatch(diff, 'large')
    truncateSync(large, 50 << 20)
    await expect(readPatches([large])).rejects.toMatchObject({ code: 'FCT_PATCH_TOO_LARGE' })
    const fifo = join(scratchFolder(), 'fifo')
    execFileSync('mkfifo', [fifo])
    for (const path of [fifo, join(fifo, 'x'), '/dev/zero']) {
      await expect(readPatches([path])).rejects.toMatchObject({ code: 'FCT_PATCH_NOT_FOUND' })
    }
  })

  it('a mailing list given as a series', async () => {
    const mail = `From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n${mailHead}\nx\n\n`
    await code(mail.repeat(600), 'FCT_PATCH_TOO_LARGE')
  })
})

it('holds out against the settings of a user and against the repository around it', async () => {
  const folder = repositoryWith(['base', one])
  writeFileSync(join(folder, 'x.patch'), `${mailHead}\nWhy.\n-- >8 --\n${diff}`)
  git(folder, 'config', 'mailinfo.scissors', 'true')
  const { patches } = await readPatches([join(folder, 'x.patch')])
  expect(patches).toMatchObject([{ kind: 'plain' }])
})
