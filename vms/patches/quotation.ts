import { hunkHeader } from './hunk-header.js'

/** A line of a message that belongs to the diff, freed of its quotation. */
export interface SourceLine {
  /** In the message, from 1. */
  readonly number: number
  readonly text: string
}

export interface Quotation {
  /** Lines quoted at least as deeply as the diff. */
  readonly diffLines: readonly SourceLine[]
  /** Lines quoted less: what reviewer and author say. */
  readonly comments: readonly SourceLine[]
}

/** `>` marks at a line's start, as mailers set them: `> > `, `>> `, ` > `. */
const quoteMarks = /^(?:[ \t]?>)+/

/** The quote levels at which a diff is seen, 0 being unquoted; ascending. */
export function findDiffLevels(lines: readonly string[]): number[] {
  const levels = new Set<number>()
  for (const line of lines) {
    const marks = quoteMarks.exec(line)?.[0] ?? ''
    const text = line.slice(marks.length).replace(/^ /, '')
    if (text.startsWith('diff --git ') || hunkHeader.test(text)) levels.add(marks.replace(/[^>]/g, '').length)
  }
  return [...levels].sort((a, b) => a - b)
}

/** Parts the diff at a quote level from the comments on it. */
export function splitQuotation(lines: readonly string[], level: number): Quotation {
  const marks = new RegExp(`^(?:[ \\t]?>){${level}} ?`)
  const diffLines: SourceLine[] = []
  const comments: SourceLine[] = []
  for (const [index, line] of lines.entries()) {
    const number = index + 1
    const quoted = marks.exec(line)?.[0]
    if (quoted === undefined) comments.push({ number, text: line.replace(quoteMarks, '').trimStart() })
    else diffLines.push({ number, text: line.slice(quoted.length) })
  }
  return { diffLines, comments }
}

export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
