import type { DiffLine, Hunk } from '../patch.js'
import { isBlank } from '../white-space.js'
import { fitsContext, sortOutBlanks, type Doubt, type Ends } from './lost-blank.js'
import type { SourceFile } from './source-file.js'

/** A hunk laid over a place of the file where it fits but for white space. */
export interface Match {
  /** Index of its first old line in the file, from 0. */
  readonly start: number
  /** Index after its last old line. */
  readonly end: number
  /** Context and removed lines as the file has them, added ones as the mail has them, lost blank lines restored. */
  readonly lines: readonly DiffLine[]
  /** How many of the mail's context and removed lines differ from the file's, in white space. */
  readonly whiteSpaceLines: number
  readonly blankLinesRestored: number
  /** A blank line was lost beside added lines, and nothing says before which of them it stood. */
  readonly isBlankAmbiguous: boolean
}

/** Lays a hunk over a file from one line on, taking blank lines from the file where the mail has lost some. */
export class LaidHunk {
  private lines: DiffLine[] = []
  private at: number
  private restored = 0
  private whiteSpaceLines = 0
  /** Where the lines begin that follow the last old line that is not blank, and how many of them were restored. */
  private gapFrom = 0
  private restoredInGap = 0
  private readonly doubts: Doubt[] = []

  /**
   * @param squeezed The text of the hunk's lines without white space.
   * @param start Where the first old line that the mail has is to be, from 0.
   */
  constructor(
    private readonly hunk: Hunk,
    private readonly squeezed: readonly string[],
    private readonly file: SourceFile,
    private start: number,
  ) {
    this.at = start
  }

  /** @returns undefined if the hunk does not fit. To be called once. */
  lay(): Match | undefined {
    for (const [index, line] of this.hunk.lines.entries()) {
      if (line.mark === '+') this.lines.push(line)
      else if (!this.takeOld(line, this.squeezed[index] ?? '')) return undefined
    }
    const isBlankAmbiguous = this.hunk.lostLines > 0 ? this.settleBlanks() : false
    if (isBlankAmbiguous === undefined) return undefined
    const { start, at: end, whiteSpaceLines, restored: blankLinesRestored } = this
    return { start, end, lines: this.markLastLine(), whiteSpaceLines, blankLinesRestored, isBlankAmbiguous }
  }

  private takeOld({ mark, text }: DiffLine, squeezed: string): boolean {
    const { file, hunk } = this
    while (
      this.at > this.start &&
      this.restored < hunk.lostLines &&
      squeezed !== '' &&
      this.isBlankAt(this.at)
    ) {
      this.restored += 1
      this.restoredInGap += 1
      this.pushOld(' ')
    }
    if (file.squeezed[this.at] !== squeezed) return false
    if (file.lines[this.at] !== text) this.whiteSpaceLines += 1
    if (squeezed !== '') this.closeGap()
    this.pushOld(mark)
    if (squeezed !== '') this.gapFrom = this.lines.length
    return true
  }

  private pushOld(mark: DiffLine['mark']): void {
    this.lines.push({ mark, text: this.file.lines[this.at] ?? '' })
    this.at += 1
  }

  private closeGap(): void {
    const [from, to, restored] = [this.gapFrom, this.lines.length, this.restoredInGap]
    const isBesideAdded = this.lines.slice(from, to).some(({ mark }) => mark === '+')
    if (restored > 0 && isBesideAdded) this.doubts.push({ from, to, restored })
    this.restoredInGap = 0
  }

  /** @returns whether doubt is left; undefined if the lost lines are not to be found in the file. */
  private settleBlanks(): boolean | undefined {
    const rest = this.hunk.lostLines - this.restored
    if (this.doubts.length === 0) return this.restoreAtEdges(rest)
    const [doubt, ...others] = this.doubts
    if (doubt === undefined || others.length > 0 || rest > 0) return true
    const outcomes = sortOutBlanks(this.lines, doubt, this.endsWith(0, 0))
    this.lines = outcomes[0] ?? this.lines
    return outcomes.length === 0 ? undefined : outcomes.length > 1
  }

  /** What is still missing can only be blank context before the first or after the last line: the same change either way. */
  private restoreAtEdges(rest: number): boolean | undefined {
    for (let before = 0; before <= rest; before++) {
      const after = rest - before
      if (
        !this.isBlankAround(before, after) ||
        !fitsContext(this.lines, this.endsWith(before, after), before, after)
      )
        continue
      const isAmbiguous =
        (before > 0 && beginsAdded(this.lines)) || (after > 0 && beginsAdded(this.lines.toReversed()))
      for (let count = 0; count < after; count++) this.pushOld(' ')
      this.start -= before
      const above = this.file.lines.slice(this.start, this.start + before)
      this.lines.unshift(...above.map((text): DiffLine => ({ mark: ' ', text })))
      this.restored += rest
      return isAmbiguous
    }
    return undefined
  }

  private endsWith(before: number, after: number): Ends {
    return { isFirst: this.start === before, isLast: this.at + after === this.file.lines.length }
  }

  private isBlankAround(before: number, after: number): boolean {
    for (let offset = 1; offset <= before; offset++) if (!this.isBlankAt(this.start - offset)) return false
    for (let offset = 0; offset < after; offset++) if (!this.isBlankAt(this.at + offset)) return false
    return true
  }

  private isBlankAt(index: number): boolean {
    return this.file.squeezed[index] === ''
  }

  /** Whether the old file ends without a newline is the file's to say. */
  private markLastLine(): readonly DiffLine[] {
    if (this.at !== this.file.lines.length || this.file.endsWithNewline) return this.lines
    const last = this.lines.findLastIndex((line) => line.mark !== '+')
    return this.lines.map((line, index) => (index === last ? { ...line, endsWithoutNewline: true } : line))
  }
}

/** Whether an added line comes before the first old line that is not blank. */
function beginsAdded(lines: readonly DiffLine[]): boolean {
  return lines.find(({ mark, text }) => mark === '+' || !isBlank(text))?.mark === '+'
}
