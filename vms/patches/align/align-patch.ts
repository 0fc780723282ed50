import type { DiffLine, FileChange, Hunk, Origin, ReviewPatch } from '../patch.js'
import { refuse } from '../refusal.js'
import { resolveTree } from '../tree-path.js'
import { repairIndentation } from './added-lines.js'
import { formatDiff } from './format-diff.js'
import { placeHunks, type PlacedBy, type PlacedHunk } from './place-hunks.js'
import { SourceFile } from './source-file.js'
import { findWhiteSpaceLoss, type WhiteSpaceLoss } from './white-space-loss.js'

/** What was done to a hunk of a review mail to make it fit. */
export interface HunkRepair {
  readonly path: string
  readonly hunk: number
  /** Line of the file where it stands, from 1. */
  readonly line: number
  readonly placedBy: PlacedBy
  /** Context and removed lines whose white space was taken from the file. */
  readonly whiteSpaceLines: number
  readonly blankLinesRestored: number
  /** Added lines that were indented anew, and those that kept what the mail has though indentation was lost. */
  readonly indented: number
  readonly leftUnindented: number
}

export interface AlignedPatch {
  /** For `git apply`, one character a byte. */
  readonly diff: string
  readonly whiteSpace: WhiteSpaceLoss
  readonly repairs: readonly HunkRepair[]
}

interface PlacedFile {
  readonly change: FileChange
  readonly file: SourceFile
  readonly placed: readonly PlacedHunk[]
}

/**
 * Makes a patch of the hunks recovered from a review mail by laying them over a source tree.
 *
 * Context and removed lines must be in the file, white space aside, at a place about which there is no doubt, and take the
 * file's own text. Blank context lines that were lost come back from the file. Added lines keep what the mail has, except for
 * indentation where it was lost and the neighbouring lines of the file bear out how it is made (`added-lines.ts`).
 *
 * @throws FctError FCT_PATCH_NO_MATCH, FCT_PATCH_AMBIGUOUS, FCT_PATCH_PATH, FCT_PATCH_NO_TREE; never guesses.
 */
export async function alignHunks(recovered: ReviewPatch, tree: string): Promise<AlignedPatch> {
  const root = await resolveTree(tree)
  const files: PlacedFile[] = []
  for (const change of recovered.files) files.push(await placeFile(change, root, recovered.origin))
  const whiteSpace = findWhiteSpaceLoss(files.flatMap(({ placed }) => placed))
  const aligned = files.map((file) => alignFile(file, whiteSpace))
  const repairs = aligned.flatMap((file) => file.repairs)
  return { diff: formatDiff(aligned.map(({ change }) => change)), whiteSpace, repairs }
}

async function placeFile(change: FileChange, root: string, origin: Origin): Promise<PlacedFile> {
  const file = await SourceFile.read(root, change.oldPath)
  if (change.change === 'added') {
    if (file !== undefined)
      throw refuse('FCT_PATCH_NO_MATCH', origin, `${change.path}: is to be new and is there`)
    return {
      change,
      file: new SourceFile(''),
      placed: change.hunks.map((hunk) => placeNew(hunk, change, origin)),
    }
  }
  if (file === undefined) {
    throw refuse('FCT_PATCH_NO_MATCH', origin, `${change.oldPath}: is not in the tree`)
  }
  return { change, file, placed: placeHunks(change, file, origin) }
}

function placeNew(hunk: Hunk, { path }: FileChange, origin: Origin): PlacedHunk {
  if (hunk.lines.some(({ mark }) => mark !== '+') || hunk.lostLines > 0) {
    throw refuse(
      'FCT_PATCH_NO_MATCH',
      origin,
      `${path}, hunk ${hunk.number}: a new file with lines that are not added`,
    )
  }
  const match = {
    start: 0,
    end: 0,
    lines: hunk.lines,
    whiteSpaceLines: 0,
    blankLinesRestored: 0,
    isBlankAmbiguous: false,
  }
  return { hunk, match, placedBy: 'the only match' }
}

function alignFile(
  placedFile: PlacedFile,
  loss: WhiteSpaceLoss,
): { change: FileChange; repairs: HunkRepair[] } {
  const { change, file, placed } = placedFile
  const repairs: HunkRepair[] = []
  const hunks: Hunk[] = []
  let ahead = 0
  for (const one of placed) {
    const added = repairIndentation(one.match, file, loss)
    hunks.push(toHunk(one, added.lines, ahead))
    repairs.push(toRepair(change.path, one, added))
    ahead += one.hunk.newLines - one.hunk.oldLines
  }
  return { change: { ...change, hunks }, repairs }
}

/** The hunk with the line numbers of the place where it stands now. */
function toHunk({ hunk, match }: PlacedHunk, lines: readonly DiffLine[], ahead: number): Hunk {
  const oldStart = hunk.oldLines === 0 ? match.start : match.start + 1
  const newStart = match.start + ahead + (hunk.newLines === 0 ? 0 : 1)
  return { ...hunk, oldStart, newStart, lines, lostLines: 0 }
}

function toRepair(
  path: string,
  { hunk, match, placedBy }: PlacedHunk,
  { indented, leftUnindented }: Pick<HunkRepair, 'indented' | 'leftUnindented'>,
): HunkRepair {
  const { start, whiteSpaceLines, blankLinesRestored } = match
  const line = start + 1
  return {
    path,
    hunk: hunk.number,
    line,
    placedBy,
    whiteSpaceLines,
    blankLinesRestored,
    indented,
    leftUnindented,
  }
}
