import type { DiffLine, Hunk } from '../patch.js'
import { isBlank, squeeze } from '../white-space.js'
import { LaidHunk, type Laid } from './laid-hunk.js'
import type { SourceFile } from './source-file.js'

/** A hunk laid over a place of the file where it fits but for white space. */
export interface Match extends Laid {
  /** A blank line was lost beside added lines, and nothing says on which side of them it stood. */
  readonly isBlankAmbiguous: boolean
}

/** More than so many lost lines beside added ones are not sorted out. */
const choicesLimit = 4

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
  for (let start = 0; start < file.lines.length; start++) {
    if (file.squeezed[start] !== squeezed[first]) continue
    const match = matchAt((choices) => new LaidHunk({ hunk, squeezed, file, start, choices }))
    if (match !== undefined) matches.push(match)
  }
  return matches
}

/** Tries each side for each blank line that was lost beside added lines; more than one outcome is no outcome. */
function matchAt(lay: (choices: number) => LaidHunk): Match | undefined {
  const first = lay(0)
  const laid = first.lay()
  if (first.choicesMet > choicesLimit) return laid && { ...laid, isBlankAmbiguous: true }
  const others = Array.from({ length: 2 ** first.choicesMet - 1 }, (_, index) => lay(index + 1).lay())
  const outcomes = new Map(
    [laid, ...others].flatMap((one) => (one === undefined ? [] : [[textOf(one.lines), one]])),
  )
  const [outcome] = outcomes.values()
  return outcome && { ...outcome, isBlankAmbiguous: outcomes.size > 1 || outcome.isEdgeAmbiguous }
}

function textOf(lines: readonly DiffLine[]): string {
  return lines.map(({ mark, text }) => mark + text).join('\n')
}
