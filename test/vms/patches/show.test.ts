import { expect, it } from 'vitest'
import { tryPatches } from '../../../vms/patches/apply-patches.js'
import { onlyNfsd } from '../../../vms/patches/only-nfsd.js'
import { readPatches } from '../../../vms/patches/read-patches.js'
import { showPatches } from '../../../vms/patches/show-patches.js'
import {
  collapseWhiteSpace,
  diffBetween,
  git,
  quote,
  repositoryWith,
  scratchTree,
  seedMail,
  writePatch,
} from './scratch-tree.js'

const path = 'fs/nfsd/x.c'
const before = { [path]: '{\n\ta();\n\n\tb();\n\tc();\n}\n' }
const after = { [path]: '{\n\ta();\n\n\tb();\n\tmore();\n\tc();\n}\n' }

it('shows the hunks of a review mail with their counts', async () => {
  const shown = showPatches(await readPatches([seedMail]))
  expect(shown.split('\n').slice(0, 4)).toEqual([
    `${seedMail} (Re: [PATCH v4 3/5] nfsd: rework refcounting in filecache)`,
    '  review mail: diff at quote level 2, 45 lines of comment left out, the diffstat agrees',
    '  fs/nfsd/filecache.c (modified, 18 hunks)',
    '      1 @@ -1,6 +1,12 @@: +6 -0, 6 of context',
  ])
  expect(shown.match(/@@ -/g)).toHaveLength(19)
})

it('shows where hunks were placed and what was repaired', async () => {
  const mail = quote(collapseWhiteSpace(diffBetween(before, after))).replace(/^>\n/m, '')
  const set = await readPatches([writePatch(mail, 'mail')])
  const shown = showPatches(set, await tryPatches(scratchTree(before), set))
  expect(shown).toContain('+1 -0, 4 of context, 1 blank line lost\n')
  expect(shown).toContain(
    'at line 2 (the only match); white space of 3 lines taken from the file; 1 blank line restored from the file; ' +
      '1 added line indented anew\n',
  )
  expect(shown).toContain('no diffstat says whether it is whole')
})

it('shows plain patches and what was left out', async () => {
  const folder = repositoryWith(['base', before], ['nfsd: \u00fc', after])
  const mbox = writePatch(git(folder, 'format-patch', '--stdout', '--cover-letter', '-1'), 'mbox')
  const shown = showPatches(await readPatches([mbox]))
  expect(shown).toContain('mail 2 ([PATCH 1/1] nfsd: \u00fc)')
  expect(shown).toContain('  plain patch, for git apply\n  fs/nfsd/x.c (modified, 1 hunk)\n')
  expect(shown).toMatch(/left out: .*PATCH 0\/1.*: no diff in it\n/)
})

it('lets no terminal sequence through', async () => {
  const set = await readPatches([
    writePatch(quote(diffBetween(before, after)).replace(/(@@.*@@).*/, '$1 \x1b[2J{'), 'mail'),
  ])
  expect(showPatches(set)).toContain('@@ \ufffd[2J{')
})

it.each([
  [['fs/nfsd/filecache.c', 'fs/nfsd/trace.h'], true],
  [['fs/nfsd/Makefile'], true],
  [['fs/nfsd/Kconfig'], false],
  [['fs/nfsd/x.c', 'include/linux/nfs4.h'], false],
  [['fs/nfsdx/x.c'], false],
])('knows whether %s is nfsd alone', async (paths, wanted) => {
  const files = (text: string): Record<string, string> => Object.fromEntries(paths.map((one) => [one, text]))
  const set = await readPatches([writePatch(diffBetween(files('a\n'), files('b\n')))])
  expect(onlyNfsd(set)).toBe(wanted)
})

it('counts both names of a renamed file', async () => {
  const text = 'x\n'.repeat(9)
  const set = await readPatches([writePatch(diffBetween({ 'fs/x.c': text }, { 'fs/nfsd/x.c': text }))])
  expect(onlyNfsd(set)).toBe(false)
})
