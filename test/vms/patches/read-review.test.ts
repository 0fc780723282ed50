import { describe, expect, it } from 'vitest'
import type { ReviewPatch } from '../../../vms/patches/patch.js'
import { readPatches } from '../../../vms/patches/read-patches.js'
import { collapseWhiteSpace, diffBetween, quote, seedMail, writePatch } from './scratch-tree.js'

const path = 'fs/nfsd/x.c'
const lines = Array.from({ length: 40 }, (_, index) => `\tstep(${index});`)
const text = `${lines.join('\n')}\n`
/** Two hunks; the first adds a line. */
const diff = diffBetween(
  { [path]: text },
  { [path]: text.replace('step(5);', 'step(50);\n\tmore();').replace('30', '300') },
)

async function readReview(mail: string): Promise<ReviewPatch> {
  const { patches } = await readPatches([writePatch(mail, 'mail')])
  const [patch, ...others] = patches
  expect(others).toEqual([])
  if (patch?.kind !== 'review-mail') throw new Error('no review mail')
  return patch
}

describe('the review of v4 3/5', () => {
  it('yields 18 hunks of filecache.c and one of trace.h, all that its diffstat counts', async () => {
    const { patches } = await readPatches([seedMail])
    expect(patches).toMatchObject([
      {
        kind: 'review-mail',
        origin: { path: seedMail, subject: 'Re: [PATCH v4 3/5] nfsd: rework refcounting in filecache' },
        quoteLevel: 2,
        completeness: 'diffstat agrees',
      },
    ])
    const files = patches[0]?.files.map((file) => [file.path, file.change, file.hunks.length])
    expect(files).toEqual([
      ['fs/nfsd/filecache.c', 'modified', 18],
      ['fs/nfsd/trace.h', 'modified', 1],
    ])
  })

  it('has lost no line and kept no comment', async () => {
    const { patches } = await readPatches([seedMail])
    const hunks = patches[0]?.files.flatMap((file) => file.hunks) ?? []
    expect(hunks.every((hunk) => hunk.lostLines === 0)).toBe(true)
    const all = hunks.flatMap((hunk) => hunk.lines.map((line) => line.text))
    expect(all.filter((line) => /explanation|tracepoint in 2|laundrette get|Good point/.test(line))).toEqual(
      [],
    )
  })
})

describe('quotations', () => {
  it.each([1, 2, 3])('are read at level %i, with white space or without', async (level) => {
    const kept = await readReview(quote(diff, level))
    const lost = await readReview(quote(collapseWhiteSpace(diff), level))
    expect([kept.quoteLevel, lost.quoteLevel]).toEqual([level, level])
    for (const { files } of [kept, lost])
      expect(files).toMatchObject([{ path, hunks: [{ lostLines: 0 }, {}] }])
    expect(kept.files[0]?.hunks[0]?.lines).toContainEqual({ mark: '+', text: '\tmore();' })
  })

  it('may set their marks without blanks, with a blank before, and end in CRLF', async () => {
    for (const marks of ['>>', '>> ', ' > > ', '> >']) {
      const mail = quote(diff, 2).replaceAll('> > ', marks).replaceAll('\n', '\r\n')
      expect((await readReview(mail)).files[0]?.hunks[1]?.lines).toContainEqual({
        mark: '+',
        text: '\tstep(300);',
      })
    }
  })

  it('are broken by comments of lower level and by none', async () => {
    const mail = quote(diff, 2).replace(
      /^> > \+.*more.*$/m,
      '$&\n>\n> Why more?\n>\nBecause.\n\n+1 from me\n- really',
    )
    const review = await readReview(mail)
    expect(review.commentLines).toBe(7)
    expect(review.files[0]?.hunks.map((hunk) => hunk.lines.length)).toEqual([8 + 1, 8])
  })

  it('come in quoted-printable', async () => {
    const head =
      'MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n'
    const mail = quote(diff)
      .replace('\n\n', `\n${head}`)
      .replace(/more\(\);/, 'mo=\nre();=20')
    expect((await readReview(mail)).files[0]?.hunks[0]?.lines).toContainEqual({
      mark: '+',
      text: '\tmore(); ',
    })
  })

  it('are found in a text without headers', async () => {
    const review = await readReview(`I wonder.\n\n${quote(diff).replace(/^[^]*?\n\n/, '')}`)
    expect(review).toMatchObject({ quoteLevel: 1, completeness: 'no diffstat', origin: { subject: '' } })
  })

  it('tell new, deleted and renamed files', async () => {
    const change = diffBetween({ gone: 'x\n', old: text }, { fresh: 'y\n', new: text })
    const { files } = await readReview(quote(collapseWhiteSpace(change), 2))
    expect(files).toMatchObject([
      { change: 'added', path: 'fresh' },
      { change: 'deleted', path: 'gone' },
      { change: 'renamed', oldPath: 'old', path: 'new', hunks: [] },
    ])
  })
})

it('counts blank context lines that were lost', async () => {
  const spaced = text.replace('\tstep(3);\n', '\n')
  const change = diffBetween({ [path]: spaced }, { [path]: spaced.replace('step(5)', 'step(50)') })
  const review = await readReview(quote(change).replace(/^>\n/m, ''))
  expect(review.files[0]?.hunks).toMatchObject([{ lostLines: 1 }])
})

describe('refuses', () => {
  const refuses = async (mail: string, code: string, detail = ''): Promise<void> =>
    expect(readPatches([writePatch(mail, 'mail')])).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(detail) as string,
    })

  it('a hunk cut short by the reviewer, wherever the cut is marked', async () => {
    const mail = quote(diff, 2)
    const cut = /(?:^> > .*\n){3}(?=^> > @@ -2)/m
    expect(mail).toMatch(cut)
    await refuses(mail.replace(cut, '[...]\n'), 'FCT_PATCH_HUNK_CUT', '[...]')
    await refuses(mail.replace(cut, '> > [...]\n'), 'FCT_PATCH_HUNK_CUT', '[...]')
    await refuses(mail.replace(cut, '\n> <snip>\n\n'), 'FCT_PATCH_HUNK_CUT', '<snip>')
    await refuses(mail.replace(/^> > \+.*more.*\n/m, ''), 'FCT_PATCH_HUNK_CUT', '@@ -3,7 +3,8 @@')
  })

  it('a hunk with more lines than it counts', async () => {
    await refuses(quote(diff).replace(/^> \+.*more.*\n/m, '$&$&'), 'FCT_PATCH_HUNK_TOO_LONG')
    await refuses(
      `${quote(diff)}> +\tadded by the reviewer\n`,
      'FCT_PATCH_HUNK_TOO_LONG',
      'added by the reviewer',
    )
  })

  it('a hunk left out in the middle, by the line numbers', async () => {
    await refuses(
      quote(diff).replace(/^> @@ -3[^]*(?=^> @@ -2)/m, ''),
      'FCT_PATCH_HUNK_MISSING',
      '-28,7 +29,7',
    )
  })

  it('a hunk left out at the end, by the diffstat', async () => {
    const stat = ` x.c | 5 +++--\n 1 file changed, 3 insertions(+), 2 deletions(-)\n\n`
    expect(await readReview(quote(stat + diff))).toMatchObject({ completeness: 'diffstat agrees' })
    await refuses(quote(stat + diff).replace(/^> @@ -28[^]*/m, ''), 'FCT_PATCH_INCOMPLETE', '1 files, +3, -2')
  })

  it('a file without a hunk, and more hunks than anyone reviews', async () => {
    await refuses(quote(diff.replace(/^@@[^]*/m, '')), 'FCT_PATCH_INCOMPLETE')
    const hunks = Array.from({ length: 2001 }, (_, index) => `@@ -${index + 1} +${index + 1} @@\n-a\n+b\n`)
    await refuses(quote(diff.replace(/^@@[^]*/m, hunks.join(''))), 'FCT_PATCH_TOO_LARGE')
  })

  it('hunks whose file is not named', async () => {
    await refuses(quote(diff.replace(/^[^]*?(?=@@)/, '')), 'FCT_PATCH_NO_FILE')
  })

  it('diffs at two levels', async () => {
    await refuses(`${quote(diff, 2)}\nHow about this instead?\n\n${diff}`, 'FCT_PATCH_AMBIGUOUS_LEVEL')
    await refuses(quote(`${diff}> ${diff.replaceAll('\n', '\n> ')}`), 'FCT_PATCH_AMBIGUOUS_LEVEL')
  })

  it('paths outside of the tree, and binary diffs', async () => {
    await refuses(quote(diff.replaceAll(path, '../../etc/passwd')), 'FCT_PATCH_PATH')
    await refuses(
      quote('diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n'),
      'FCT_PATCH_BINARY',
    )
  })
})
