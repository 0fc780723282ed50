import { newIndex, oldIndex } from './hunk-header.js'
import type { FileChange, Origin, ReviewPatch } from './patch.js'
import type { SourceLine } from './quotation.js'
import { refuse } from './refusal.js'

const diffstat = /^\s*(\d+) files? changed(?:,\s+(\d+) insertions?\(\+\))?(?:,\s+(\d+) deletions?\(-\))?\s*$/

/**
 * Refuses a file whose hunks do not follow from each other: line numbers of the new file run ahead of the old file's by what
 * the hunks before have added. Where they do not, a hunk in between has been cut out.
 */
export function checkHunkSequence({ path, change, mode, hunks }: FileChange, origin: Origin): void {
  if (change === 'modified' && hunks.length === 0 && mode === undefined) {
    throw refuse('FCT_PATCH_INCOMPLETE', origin, `${path}: none of its hunks is quoted`)
  }
  let ahead = 0
  let end = 0
  for (const hunk of hunks) {
    const start = oldIndex(hunk)
    if (start < end || newIndex(hunk) - start !== ahead) {
      throw refuse(
        'FCT_PATCH_HUNK_MISSING',
        origin,
        `${path}, hunk ${hunk.number}: its line numbers do not follow from the hunks before it, one is missing or changed`,
        hunks.slice(Math.max(0, hunk.number - 2), hunk.number).map(describeRange),
      )
    }
    ahead += hunk.newLines - hunk.oldLines
    end = start + hunk.oldLines
  }
}

function describeRange({
  number,
  oldStart,
  oldLines,
  newStart,
  newLines,
}: FileChange['hunks'][number]): string {
  return `hunk ${number}: -${oldStart},${oldLines} +${newStart},${newLines}`
}

/** Compares what was recovered with the diffstat that stands before the diff, if it has been quoted. */
export function checkDiffstat(
  files: readonly FileChange[],
  linesBefore: readonly SourceLine[],
  origin: Origin,
): ReviewPatch['completeness'] {
  const line = linesBefore.findLast(({ text }) => diffstat.test(text))
  if (line === undefined) return 'no diffstat'
  const [, fileCount, insertions = '0', deletions = '0'] = diffstat.exec(line.text) ?? []
  const found = `${new Set(files.map(({ path }) => path)).size} files, +${countMarks(files, '+')}, -${countMarks(files, '-')}`
  const wanted = `${Number(fileCount)} files, +${Number(insertions)}, -${Number(deletions)}`
  if (found === wanted) return 'diffstat agrees'
  throw refuse('FCT_PATCH_INCOMPLETE', origin, 'the quoted diff is not all that its diffstat counts', [
    `diffstat: ${wanted}`,
    `quoted:   ${found}`,
  ])
}

export function countMarks(files: readonly FileChange[], mark: '+' | '-'): number {
  const lines = files.flatMap(({ hunks }) => hunks).flatMap((hunk) => hunk.lines)
  return lines.filter((line) => line.mark === mark).length
}
