import type { HunkRepair } from './align/align-patch.js'
import type { AppliedPatches } from './apply-patches.js'
import { formatHunkHeader } from './hunk-header.js'
import { describeOrigin, type FileChange, type Hunk, type Patch, type PatchSet } from './patch.js'
import { readable } from './refusal.js'

/**
 * A set of patches for a person: where each comes from, its files and hunks with their counts, what was recovered and, with
 * the outcome of `tryPatches` or `applyPatches`, where each hunk stands and what was repaired.
 */
export function showPatches({ patches, leftOut }: PatchSet, applied?: AppliedPatches): string {
  const shown = patches.flatMap((patch, index) => showPatch(patch, applied?.patches[index]?.repairs))
  const others = leftOut.map(({ origin, reason }) => `left out: ${describeOrigin(origin)}: ${reason}`)
  return [...shown, ...others].map((line) => `${line}\n`).join('')
}

function showPatch(patch: Patch, repairs: readonly HunkRepair[] | undefined): string[] {
  const files = patch.files.flatMap((file) => showFile(file, repairs))
  return [describeOrigin(patch.origin), `  ${describeKind(patch)}`, ...files]
}

function describeKind(patch: Patch): string {
  if (patch.kind === 'plain') return 'plain patch, for git apply'
  const { quoteLevel, commentLines, completeness } = patch
  const stat = {
    'diffstat agrees': 'the diffstat agrees',
    'no diffstat': 'no diffstat says whether it is whole',
  }
  return `review mail: diff at quote level ${quoteLevel}, ${plural(commentLines, 'line')} of comment left out, ${stat[completeness]}`
}

function showFile(file: FileChange, repairs: readonly HunkRepair[] | undefined): string[] {
  const { path, oldPath, change, hunks } = file
  const name = path === oldPath ? path : `${oldPath} -> ${path}`
  const title = `  ${name} (${change}, ${plural(hunks.length, 'hunk')})`
  return [title, ...hunks.map((hunk) => showHunk(hunk, repairs?.find(isOf(path, hunk))))]
}

function isOf(path: string, { number }: Hunk): (repair: HunkRepair) => boolean {
  return (repair) => repair.path === path && repair.hunk === number
}

function showHunk(hunk: Hunk, repair: HunkRepair | undefined): string {
  const count = (mark: string): number => hunk.lines.filter((line) => line.mark === mark).length
  const lost = hunk.lostLines === 0 ? [] : [`${plural(hunk.lostLines, 'blank line')} lost`]
  const counts = [`+${count('+')} -${count('-')}, ${count(' ')} of context`, ...lost].join(', ')
  const header = `    ${String(hunk.number).padStart(3)} ${readable(formatHunkHeader(hunk))}: ${counts}`
  return repair === undefined ? header : `${header}\n        ${describeRepair(repair)}`
}

function describeRepair(repair: HunkRepair): string {
  const { line, placedBy, whiteSpaceLines, blankLinesRestored, indented, leftUnindented } = repair
  const parts = [
    [whiteSpaceLines, 'white space of', 'line', 'taken from the file'],
    [blankLinesRestored, '', 'blank line', 'restored from the file'],
    [indented, '', 'added line', 'indented anew'],
    [leftUnindented, '', 'added line', 'left as in the mail, indentation lost'],
  ] as const
  const done = parts.filter(([count]) => count > 0)
  const texts = done.map(([count, before, what, after]) => `${before} ${plural(count, what)} ${after}`.trim())
  return [`at line ${line} (${placedBy})`, ...texts].join('; ')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
