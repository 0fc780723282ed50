import type { DiffLine } from '../patch.js'

/** Restored blank lines that stand between the same two lines of the file as added ones do, by their indices in the hunk. */
export interface Doubt {
  readonly from: number
  readonly to: number
  readonly restored: number
}

/** Whether the hunk begins with the first line of the old file, and ends with its last. */
export interface Ends {
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** Context that git shows on either side of a change, except where the file ends. */
const contextLines = 3

/** More arrangements than this are not looked through. */
const arrangementsLimit = 500

/** Whether the hunk, with so many more lines of context at its ends, has as much of it as git shows. */
export function fitsContext(
  lines: readonly DiffLine[],
  { isFirst, isLast }: Ends,
  before = 0,
  after = 0,
): boolean {
  const above = lines.findIndex(({ mark }) => mark !== ' ') + before
  const below = lines.length - 1 - lines.findLastIndex(({ mark }) => mark !== ' ') + after
  return isWhole(above, isFirst) && isWhole(below, isLast)
}

function isWhole(count: number, isAtEnd: boolean): boolean {
  return count === contextLines || (isAtEnd && count < contextLines)
}

/**
 * The hunks that it can have been, when blank lines were lost beside added ones: they can have stood before, between or behind
 * them, but git shows neither more nor less context than it does.
 *
 * @param lines with the restored lines last in their gap.
 * @returns one if there is no doubt, none if it cannot be.
 */
export function sortOutBlanks(lines: readonly DiffLine[], doubt: Doubt, ends: Ends): DiffLine[][] {
  const { from, to, restored } = doubt
  const gap = lines.slice(from, to)
  const blanks = gap.splice(-restored)
  const texts = new Set([...blanks, ...gap.filter(({ mark }) => mark === ' ')].map(({ text }) => text))
  // Blank lines that differ, or too many places for them: not worth telling apart what would be refused anyway.
  if (texts.size > 1 || (gap.length + 1) ** restored > arrangementsLimit) return [[...lines], [...lines]]
  const outcomes = new Map<string, DiffLine[]>()
  for (const arranged of arrange(gap, blanks)) {
    const outcome = lines.toSpliced(from, to - from, ...arranged)
    if (fitsContext(outcome, ends))
      outcomes.set(outcome.map(({ mark, text }) => mark + text).join('\n'), outcome)
  }
  return [...outcomes.values()]
}

/** Every way to strew the blank lines among the others. */
function arrange(gap: readonly DiffLine[], [blank, ...blanks]: readonly DiffLine[]): DiffLine[][] {
  if (blank === undefined) return [[...gap]]
  const places = Array.from({ length: gap.length + 1 }, (_, place) => place)
  return places.flatMap((place) =>
    arrange(gap.slice(place), blanks).map((rest) => [...gap.slice(0, place), blank, ...rest]),
  )
}
