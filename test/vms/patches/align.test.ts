import { describe, expect, it } from 'vitest'
import { alignHunks } from '../../../vms/patches/align/align-patch.js'
import { applyPatches } from '../../../vms/patches/apply-patches.js'
import type { Hunk, ReviewPatch } from '../../../vms/patches/patch.js'
import { readPatches } from '../../../vms/patches/read-patches.js'
import {
  collapseWhiteSpace,
  diffBetween,
  git,
  quote,
  readTree,
  scratchTree,
  seedMail,
  writePatch,
} from './scratch-tree.js'

const path = 'fs/nfsd/x.c'

async function readReview(file: string): Promise<ReviewPatch> {
  const [patch] = (await readPatches([file])).patches
  if (patch?.kind !== 'review-mail') throw new Error('no review mail')
  return patch
}

/** Aligns a quoted diff with a file and applies it there. @returns the file that comes out. */
async function applyMail(mail: string, file: string): Promise<string> {
  const tree = scratchTree({ [path]: file })
  await applyPatches(tree, await readPatches([writePatch(mail, 'mail')]))
  return readTree(tree, path)
}

/** A mail from an archive that collapses white space, with the change from one text to the other. */
function archivedMail(before: string, after: string): string {
  return quote(collapseWhiteSpace(diffBetween({ [path]: before }, { [path]: after })), 2)
}

const refusal = (code: string, text: string, detail = ''): object => ({
  code,
  message: expect.stringContaining(text) as string,
  detail: expect.stringContaining(detail) as string,
})

const file = `static int
first(struct nfsd_file *nf)
{
	int count = 0;

	if (!nf)
		return 0;

	count += 1;
	return count;
}

static int
second(struct nfsd_file *nf)
{
	int count = 0;

	if (!nf)
		return 0;

	count += 2;
	return count;
}
`

describe('the review of v4 3/5', () => {
  const startsAtMargin =
    /^(static |struct |void$|bool$|[{}]|\/\*|\* |\*\/|#|__?[a-z]|nfsd_\w+\(struct|DEFINE|TRACE)/

  /** The old side of a hunk as a source file might have it: tabs where the archive left none. */
  function oldLines(hunk: Hunk): string[] {
    const old = hunk.lines.filter(({ mark }) => mark !== '+').map(({ text }) => text.trim())
    return old.map((text) => (text === '' || startsAtMargin.test(text) ? text : `\t${text}`))
  }

  function preImage(hunks: readonly Hunk[]): string[] {
    const lines: string[] = []
    for (const hunk of hunks) {
      while (lines.length < hunk.oldStart - 1) lines.push(`/* filler ${lines.length + 1} */`)
      lines.push(...oldLines(hunk))
    }
    return lines
  }

  const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`

  it('aligns with the files it was made from, and git apply gives what it says', async () => {
    const review = await readReview(seedMail)
    const files = Object.fromEntries(review.files.map((one) => [one.path, text(preImage(one.hunks))]))
    const tree = scratchTree(files)
    const { diff, whiteSpace, repairs } = await alignHunks(review, tree)
    expect(whiteSpace).toBe('collapsed')
    expect(repairs.map(({ line }) => line)).toEqual(
      review.files.flatMap(({ hunks }) => hunks.map((hunk) => hunk.oldStart)),
    )
    git(tree, 'init', '-q')
    git(tree, 'apply', '--whitespace=nowarn', writePatch(diff))
    for (const one of review.files) expectPostImage(readTree(tree, one.path).split('\n'), one.hunks)
    git(tree, 'apply', '-R', '--whitespace=nowarn', writePatch(diff))
    for (const [name, content] of Object.entries(files)) expect(readTree(tree, name)).toBe(content)
  })

  /** Context is the old file's own; added lines are the mail's, white space aside. */
  function expectPostImage(lines: readonly string[], hunks: readonly Hunk[]): void {
    for (const hunk of hunks) {
      const old = oldLines(hunk)
      let at = hunk.newStart - 1
      for (const line of hunk.lines) {
        const before = line.mark === '+' ? undefined : old.shift()
        if (line.mark === '-') continue
        if (before === undefined) expect(lines[at]?.replace(/\s/g, '')).toBe(line.text.replace(/\s/g, ''))
        else expect(lines[at]).toBe(before)
        at += 1
      }
    }
  }

  it('is refused, with every hunk, by a tree it was not made for', async () => {
    const tree = scratchTree({ 'fs/nfsd/filecache.c': file, 'fs/nfsd/trace.h': '' })
    const set = await readPatches([seedMail])
    const wanted = refusal(
      'FCT_PATCH_NO_MATCH',
      'fs/nfsd/filecache.c: hunks 1, 2, 3',
      'refcount_set(&nf->nf_ref, 2)',
    )
    await expect(applyPatches(tree, set)).rejects.toMatchObject(wanted)
    expect(readTree(tree, 'fs/nfsd/filecache.c')).toBe(file)
  })
})

describe('white space', () => {
  const after = file.replace('\tcount += 2;\n', '\tcount += 2;\n\tif (count) {\n\t\tcount = 3;\n\t}\n')

  it('is taken from the file, and added lines are indented as their neighbours bear out', async () => {
    expect(await applyMail(archivedMail(file, after), file)).toBe(after)
  })

  it('of added lines stays as it is in a mail that has kept it', async () => {
    const odd = after.replace('\t\tcount = 3;', '      count  = 3;')
    expect(await applyMail(quote(diffBetween({ [path]: file }, { [path]: odd })), file)).toBe(odd)
  })

  it('of added lines stays as it is where the neighbours do not bear it out', async () => {
    const strange = file.replace('\treturn count;\n}\n\nstatic', '\t\t\treturn count;\n}\n\nstatic')
    const changed = strange.replace('\tcount += 1;\n', '\tcount += 1;\n\tcount += 5;\n')
    expect(await applyMail(archivedMail(strange, changed), strange)).toBe(
      changed.replace('\tcount += 5', ' count += 5'),
    )
  })

  it('is repaired for the kernel styles of comments, control statements and continued lines', async () => {
    const body = `	/*
	 * Why this is so.
	 */
	if (count == 1 &&
	    nf)
		count = 2;
	else
		count = 3;
	list_for_each_entry(nf, head, nf_lru)
		if (nf)
			count += 1;
`
    const styled = file.replace('\tcount += 2;\n', `${body}\tcount += 2;\n`)
    expect(await applyMail(archivedMail(file, styled), file)).toBe(styled)
  })

  it('does not hide a difference in anything else', async () => {
    const other = file.replace('count += 2', 'count -= 2')
    await expect(applyMail(archivedMail(file, after), other)).rejects.toMatchObject(
      refusal('FCT_PATCH_NO_MATCH', `${path}: hunk 1 does not match`, 'count += 2;'),
    )
  })
})

describe('the place of a hunk', () => {
  const padding = '/* padding */\n'.repeat(30)
  /** The change within 3 lines of context that both functions have, but for the marker's name. */
  const twice = file.replaceAll(/count \+= \d/g, 'count += 7')
  const changedIn = (text: string, which: number): string => {
    let seen = 0
    return text.replaceAll('count += 7', (found) => (++seen === which ? 'count += 8' : found))
  }
  const anonymous = (mail: string): string => mail.replace(/^(> > @@.*@@).*$/gm, '$1')

  it('is found where lines have moved', async () => {
    const mail = archivedMail(file, file.replace('count += 2', 'count += 9'))
    expect(await applyMail(mail, padding + file)).toBe(padding + file.replace('count += 2', 'count += 9'))
  })

  it.each([1, 2])('is decided by the function that its header names, %i', async (which) => {
    const mail = archivedMail(twice, changedIn(twice, which))
    expect(mail).toMatch(which === 1 ? '@@ first(' : '@@ second(')
    expect(await applyMail(mail, padding + twice)).toBe(padding + changedIn(twice, which))
  })

  it('is refused when nothing decides, though its line number fits one', async () => {
    const mail = anonymous(archivedMail(twice, changedIn(twice, 2)))
    await expect(applyMail(mail, twice)).rejects.toMatchObject(
      refusal('FCT_PATCH_AMBIGUOUS', `${path}, hunk 1: fits in 2 places`, 'lines 18 to 23'),
    )
  })

  it('is decided by the hunks between which it stands', async () => {
    const single = twice.slice(twice.indexOf('static int\nsecond'))
    const before = `/* top */\n${padding}${single}${padding}/* middle */\n${padding}${single}`
    const after = changedIn(before, 1).replace('top', 'TOP').replace('middle', 'MIDDLE')
    // More lines half-way in the padding above, so that the hunks before and after do not agree on an offset.
    const half = 15 * '/* padding */\n'.length
    const moved = (text: string): string => {
      const place = text.search(/\/\* middle/i) - half
      return `${text.slice(0, place)}/* x */\n${text.slice(place)}`
    }
    expect(await applyMail(archivedMail(before, after), moved(before))).toBe(moved(after))
  })

  it('is decided by line numbers that are off by the same amount before and after it', async () => {
    const top = `/* top */\n${padding}`
    const end = `${padding}/* end */\n`
    const before = top + twice + padding + twice + end
    const after = changedIn(before, 3).replace('top', 'TOP').replace('* end', '* END')
    const mail = anonymous(archivedMail(before, after))
    expect(await applyMail(mail, `/* moved */\n${before}`)).toBe(`/* moved */\n${after}`)
    // A function of another name speaks against it.
    const named = mail.replace(/^(> > @@ -\d\d,.*@@)$/gm, '$1 third(struct nfsd_file *nf)')
    expect(named).not.toBe(mail)
    await expect(applyMail(named, before)).rejects.toMatchObject({ code: 'FCT_PATCH_AMBIGUOUS' })
    // With more lines in between, before and after disagree.
    const torn = before.replace('/* end', 'more\n/* end')
    await expect(applyMail(mail, torn)).rejects.toMatchObject({ code: 'FCT_PATCH_NO_MATCH' })
    const spread = before.replace(end, `more\n${end}`)
    await expect(applyMail(mail, spread)).rejects.toMatchObject({ code: 'FCT_PATCH_AMBIGUOUS' })
  })
})

describe('lost blank lines', () => {
  const after = file.replace(
    'int count = 0;\n\n\tif (!nf)\n\t\treturn 0;\n\n\tcount += 2',
    'int count = 0;\n\n\tif (!nf)\n\t\treturn 0;\n\n\tcount += 4',
  )
  const withoutBlanks = (mail: string): string => mail.replace(/^> >\n/gm, '')

  it('inside a hunk come back from the file', async () => {
    expect(await applyMail(withoutBlanks(archivedMail(file, after)), file)).toBe(after)
  })

  it('at a hunk\u2019s ends come back too', async () => {
    const spaced = file
      .replace('\tcount += 2;\n', '\tcount += 2;\n\n\n')
      .replace('\n\tcount += 2', '\n\n\tcount += 2')
    const changed = spaced.replace('count += 2', 'count += 4')
    expect(await applyMail(withoutBlanks(archivedMail(spaced, changed)), spaced)).toBe(changed)
  })

  const gap = file.replace('\tcount += 2;\n', '\tcount += 2;\n\n')
  const grown = gap.replace('\tcount += 2;\n', '\tcount += 2;\n\tcount += 3;\n')

  it('beside added lines come back where the length of the context tells their side', async () => {
    expect(await applyMail(withoutBlanks(archivedMail(gap, grown)), gap)).toBe(grown)
  })

  it('beside added lines are refused where nothing tells their side', async () => {
    const mail = archivedMail(
      gap,
      grown.replace('count += 2', 'count += 4').replace(/return count;\n}\n$/, 'return -count;\n}\n'),
    )
    await expect(applyMail(withoutBlanks(mail), gap)).rejects.toMatchObject(
      refusal('FCT_PATCH_AMBIGUOUS', 'a blank line was lost beside added lines', '+ count += 3;'),
    )
  })

  it('are not lines that the reviewer cut without a mark', async () => {
    const mail = archivedMail(file, after).replace(/^> > return 0;\n/m, '')
    await expect(applyMail(mail, file)).rejects.toMatchObject(
      refusal('FCT_PATCH_NO_MATCH', 'hunk 1 does not match'),
    )
  })
})

describe('whole files', () => {
  it('are added, deleted and renamed', async () => {
    const mail = quote(
      collapseWhiteSpace(
        diffBetween({ gone: file, old: file }, { fresh: 'int x;\n', new: file.replace('2', '3') }),
      ),
    )
    const tree = scratchTree({ gone: file, old: file })
    const { files } = await applyPatches(tree, await readPatches([writePatch(mail, 'mail')]))
    expect(files).toEqual(['fresh', 'gone', 'new', 'old'])
    expect(readTree(tree, 'new')).toBe(file.replace('2', '3'))
    expect(readTree(tree, 'fresh')).toBe('int x;\n')
  })

  it('are refused when they are there already, or missing', async () => {
    const fresh = quote(diffBetween({ x: '1\n' }, { x: '1\n', [path]: 'int x;\n' }))
    await expect(applyMail(fresh, file)).rejects.toMatchObject(refusal('FCT_PATCH_NO_MATCH', 'is to be new'))
    const elsewhere = archivedMail(file, file.replace('2', '3')).replaceAll(path, 'fs/nfsd/y.c')
    await expect(applyMail(elsewhere, file)).rejects.toMatchObject(
      refusal('FCT_PATCH_NO_MATCH', 'is not in the tree'),
    )
  })

  it('may end without a newline', async () => {
    const [before, after] = ['a\nb\nc', 'a\nb\nd']
    expect(await applyMail(archivedMail(before, after), before)).toBe(after)
    expect(await applyMail(archivedMail(before, `${before}\n`), before)).toBe(`${before}\n`)
  })
})
