import type { DiffLine } from '../patch.js'

/** Restored blank lines that stand between the same two lines of the file as added ones do, by their indices in the hunk. */
export interface Doubt {
  readonly from: number
  readonly to: number
  readonly restored: number
}

/** Context that git shows on either side of a change. */
const contextLimit = 3

/** Whether the hunk, with so many more lines of context at its ends, has no more of it than git shows. */
export function fitsContext(lines: readonly DiffLine[], before = 0, after = 0): boolean {
  const first = lines.findIndex(({ mark }) => mark !== ' ')
  const last = lines.findLastIndex(({ mark }) => mark !== ' ')
  return first + before <= contextLimit && lines.length - 1 - last + after <= contextLimit
}

/**
 * The hunks that it can have been, when a blank line was lost beside added lines: it can have stood before, between or behind
 * them, but context is never longer than git shows it.
 *
 * @param lines with the restored line last in its gap.
 */
export function sortOutBlank(lines: readonly DiffLine[], { from, to, restored }: Doubt): DiffLine[][] {
  const blank = lines[to - 1]
  // More than one: too many arrangements to be worth it; two outcomes are as good as twenty.
  if (blank === undefined || restored > 1) return [[...lines], [...lines]]
  const rest = lines.toSpliced(to - 1, 1)
  const outcomes = new Map<string, DiffLine[]>()
  for (let place = from; place < to; place++) {
    const outcome = rest.toSpliced(place, 0, blank)
    if (fitsContext(outcome)) outcomes.set(outcome.map(({ mark, text }) => mark + text).join('\n'), outcome)
  }
  return [...outcomes.values()]
}
