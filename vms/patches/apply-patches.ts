import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { alignHunks, type HunkRepair } from './align/align-patch.js'
import { applyWithGit } from './apply-with-git.js'
import { touchedFiles, type Change, type Origin, type Patch, type PatchSet } from './patch.js'
import { withScratch } from './scratch.js'
import { TouchedCopy } from './touched-copy.js'
import { resolveTree } from './tree-path.js'

export interface AppliedPatch {
  readonly origin: Origin
  readonly kind: Patch['kind']
  readonly files: readonly { readonly path: string; readonly change: Change }[]
  /** What was done to the hunks of a review mail; empty for a plain patch. */
  readonly repairs: readonly HunkRepair[]
  /** What git applied, one character a byte. */
  readonly diff: string
}

export interface AppliedPatches {
  readonly patches: readonly AppliedPatch[]
  /** Every file of the tree that differs from before, sorted. */
  readonly files: readonly string[]
}

/**
 * Applies patches in order to a plain source tree. All of them are applied to a copy of the files they touch first, so that
 * when one is refused the tree is as it was; a file that comes out unchanged keeps its time stamp.
 *
 * @throws FctError FCT_PATCH_DOES_NOT_APPLY with file, hunk and reject; FCT_PATCH_NO_MATCH and FCT_PATCH_AMBIGUOUS for a review
 *   mail; FCT_PATCH_PATH for what lies behind a symbolic link; FCT_PATCH_NO_TREE; FCT_PATCH_TREE_NOT_WRITABLE (undone).
 */
export async function applyPatches(tree: string, set: PatchSet): Promise<AppliedPatches> {
  return applyInCopy(tree, set, true)
}

/** Does all that `applyPatches` does but changing the tree. */
export async function tryPatches(tree: string, set: PatchSet): Promise<AppliedPatches> {
  return applyInCopy(tree, set, false)
}

async function applyInCopy(tree: string, set: PatchSet, isForGood: boolean): Promise<AppliedPatches> {
  const root = await resolveTree(tree)
  return withScratch(async (folder) => {
    const copy = await TouchedCopy.create(root, folder)
    const patches: AppliedPatch[] = []
    for (const patch of set.patches) patches.push(await applyOne(patch, copy, join(folder, 'diff')))
    const files = isForGood ? await copy.install() : await copy.findChanged()
    return { patches, files }
  })
}

async function applyOne(patch: Patch, copy: TouchedCopy, diffFile: string): Promise<AppliedPatch> {
  await copy.add(touchedFiles(patch))
  const { diff, repairs, strip } = await diffOf(patch, copy.folder)
  await writeFile(diffFile, diff, 'latin1')
  await applyWithGit({ patch, strip, diffFile, folder: copy.folder })
  const files = patch.files.map(({ path, change }) => ({ path, change }))
  return { origin: patch.origin, kind: patch.kind, files, repairs, diff }
}

async function diffOf(
  patch: Patch,
  folder: string,
): Promise<{ diff: string; repairs: readonly HunkRepair[]; strip: number }> {
  if (patch.kind === 'plain') return { diff: patch.diff, repairs: [], strip: patch.strip }
  return { ...(await alignHunks(patch, folder)), strip: 1 }
}
