import { collapse } from '../white-space.js'
import type { PlacedHunk } from './place-hunks.js'

/**
 * What became of white space on the way, told by the lines whose text the file knows:
 * `kept`: no line differs; `collapsed`: all runs have become one blank or, at a line's start, nothing; `other`: anything else.
 */
export type WhiteSpaceLoss = 'kept' | 'collapsed' | 'other'

/** Looks at all hunks of a patch, for one archive treats all its lines alike. */
export function findWhiteSpaceLoss(placed: readonly PlacedHunk[]): WhiteSpaceLoss {
  if (placed.every(({ match }) => match.whiteSpaceLines === 0)) return 'kept'
  const lines = placed.flatMap(({ hunk }) => hunk.lines)
  return lines.every(({ text }) => collapse(text) === text.replace(/^ /, '')) ? 'collapsed' : 'other'
}
