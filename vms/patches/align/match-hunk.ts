import type { Hunk } from '../patch.js'
import { isBlank, squeeze } from '../white-space.js'
import { LaidHunk, type Match } from './laid-hunk.js'
import type { SourceFile } from './source-file.js'

/** Every place where the hunk fits. */
export function findMatches(hunk: Hunk, file: SourceFile): Match[] {
  const matches = findWith(hunk, file)
  const trimmed = matches.length === 0 ? withoutBlankEnd(hunk) : undefined
  return trimmed === undefined ? matches : findWith(trimmed, file)
}

/** A blank line that belongs to the mail and not to the hunk can have made up for one that was lost. */
function withoutBlankEnd(hunk: Hunk): Hunk | undefined {
  const end = hunk.lines.findLastIndex((line) => line.mark !== ' ' || !isBlank(line.text)) + 1
  const count = hunk.lines.length - end
  if (count === 0 || end === 0) return undefined
  return { ...hunk, lines: hunk.lines.slice(0, end), lostLines: hunk.lostLines + count }
}

function findWith(hunk: Hunk, file: SourceFile): Match[] {
  const squeezed = hunk.lines.map((line) => squeeze(line.text))
  const first = hunk.lines.findIndex((line) => line.mark !== '+')
  if (first < 0) return []
  const matches: Match[] = []
  for (const start of file.findSqueezed(squeezed[first] ?? '')) {
    const match = new LaidHunk(hunk, squeezed, file, start).lay()
    if (match !== undefined) matches.push(match)
  }
  return matches
}
