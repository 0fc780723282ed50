import type { DiffLine, Hunk } from '../patch.js'
import { squeeze } from '../white-space.js'
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
  /** A blank line was lost beside added lines: nothing says on which side of them it stood. */
  readonly isBlankAmbiguous: boolean
}

/** Context that git shows on either side of a change. */
const contextLines = 3

/** Every place where the hunk fits. */
export function findMatches(hunk: Hunk, file: SourceFile): Match[] {
  const squeezed = hunk.lines.map((line) => squeeze(line.text))
  const first = hunk.lines.findIndex((line) => line.mark !== '+')
  if (first < 0) return []
  const matches: Match[] = []
  for (let start = 0; start < file.lines.length; start++) {
    if (file.squeezed[start] !== squeezed[first]) continue
    const match = new Matching(hunk, squeezed, file, start).run()
    if (match !== undefined) matches.push(match)
  }
  return matches
}

class Matching {
  private readonly lines: DiffLine[] = []
  private readonly lost: number
  private at: number
  private restored = 0
  private whiteSpaceLines = 0
  private isAfterAdded = false
  private isBlankAmbiguous = false

  constructor(
    private readonly hunk: Hunk,
    private readonly squeezed: readonly string[],
    private readonly file: SourceFile,
    private start: number,
  ) {
    this.at = start
    this.lost = hunk.lostLines
  }

  run(): Match | undefined {
    for (const [index, line] of this.hunk.lines.entries()) {
      if (line.mark === '+') this.takeAdded(line)
      else if (!this.takeOld(line, this.squeezed[index] ?? '')) return undefined
    }
    if (!this.restoreAtEdges()) return undefined
    const { start, at: end, lines, whiteSpaceLines, restored: blankLinesRestored, isBlankAmbiguous } = this
    const marked = this.markLastLine(lines, end)
    return { start, end, lines: marked, whiteSpaceLines, blankLinesRestored, isBlankAmbiguous }
  }

  private takeAdded(line: DiffLine): void {
    this.lines.push(line)
    this.isAfterAdded = true
  }

  private takeOld({ mark, text }: DiffLine, squeezed: string): boolean {
    while (this.at > this.start && this.restored < this.lost && squeezed !== '' && this.isBlankAt(this.at)) {
      this.isBlankAmbiguous ||= this.isAfterAdded
      this.restored += 1
      this.pushOld(' ')
    }
    if (this.file.squeezed[this.at] !== squeezed) return false
    if (this.file.lines[this.at] !== text) this.whiteSpaceLines += 1
    this.pushOld(mark)
    return true
  }

  private pushOld(mark: DiffLine['mark']): void {
    this.lines.push({ mark, text: this.file.lines[this.at] ?? '' })
    this.at += 1
    this.isAfterAdded = false
  }

  /** What is still missing can only be blank context before the first or after the last line: the same change either way. */
  private restoreAtEdges(): boolean {
    const rest = this.lost - this.restored
    for (let before = 0; before <= rest; before++) {
      if (!this.fitsAtEdges(before, rest - before)) continue
      this.isBlankAmbiguous ||= before > 0 && this.lines[0]?.mark === '+'
      this.isBlankAmbiguous ||= rest > before && this.lines.at(-1)?.mark === '+'
      for (let count = 0; count < rest - before; count++) this.pushOld(' ')
      this.start -= before
      this.lines.unshift(...this.file.lines.slice(this.start, this.start + before).map(asContext))
      this.restored += rest
      return true
    }
    return false
  }

  private fitsAtEdges(before: number, after: number): boolean {
    for (let offset = 1; offset <= before; offset++) if (!this.isBlankAt(this.start - offset)) return false
    for (let offset = 0; offset < after; offset++) if (!this.isBlankAt(this.at + offset)) return false
    const first = this.lines.findIndex((line) => line.mark !== ' ')
    const last = this.lines.findLastIndex((line) => line.mark !== ' ')
    return first + before <= contextLines && this.lines.length - 1 - last + after <= contextLines
  }

  private isBlankAt(index: number): boolean {
    return this.file.squeezed[index] === ''
  }

  /** Whether the old file ends without a newline is the file's to say. */
  private markLastLine(lines: readonly DiffLine[], end: number): readonly DiffLine[] {
    const isLast = end === this.file.lines.length && !this.file.endsWithNewline
    const last = lines.findLastIndex((line) => line.mark !== '+')
    return isLast
      ? lines.map((line, index) => (index === last ? { ...line, endsWithoutNewline: true } : line))
      : lines
  }
}

function asContext(text: string): DiffLine {
  return { mark: ' ', text }
}
