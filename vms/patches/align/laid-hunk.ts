import type { DiffLine, Hunk } from '../patch.js'
import type { SourceFile } from './source-file.js'

export interface Laid {
  /** Index of the hunk's first old line in the file, from 0. */
  readonly start: number
  /** Index after its last old line. */
  readonly end: number
  /** Context and removed lines as the file has them, added ones as the mail has them, lost blank lines restored. */
  readonly lines: readonly DiffLine[]
  /** How many of the mail's context and removed lines differ from the file's, in white space. */
  readonly whiteSpaceLines: number
  readonly blankLinesRestored: number
  /** A blank line was lost before or after a hunk that begins or ends with added lines. */
  readonly isEdgeAmbiguous: boolean
}

export interface Laying {
  readonly hunk: Hunk
  /** The text of the hunk's lines without white space. */
  readonly squeezed: readonly string[]
  readonly file: SourceFile
  /** Where its first old line that the mail has is to be, from 0. */
  readonly start: number
  /** A bit for each blank line lost beside added lines, in order: 1 puts it before them, 0 behind. */
  readonly choices: number
}

/** Context that git shows on either side of a change. */
const contextLimit = 3

/** Lays a hunk over a file from one line on, taking blank lines from the file where the mail has lost some. */
export class LaidHunk {
  /** Blank lines lost beside added lines that were met so far. */
  choicesMet = 0
  private readonly lines: DiffLine[] = []
  private readonly lost: number
  private start: number
  private at: number
  private restored = 0
  private whiteSpaceLines = 0
  /** Where the added lines begin that stand just before, if any do. */
  private addedFrom: number | undefined
  private isEdgeAmbiguous = false

  constructor(private readonly laying: Laying) {
    this.start = laying.start
    this.at = laying.start
    this.lost = laying.hunk.lostLines
  }

  /** @returns undefined if the hunk does not fit. To be called once. */
  lay(): Laid | undefined {
    for (const [index, line] of this.laying.hunk.lines.entries()) {
      if (line.mark === '+') this.takeAdded(line)
      else if (!this.takeOld(line, this.laying.squeezed[index] ?? '')) return undefined
    }
    if (this.lost > 0 && !this.restoreAtEdges()) return undefined
    const { start, at: end, whiteSpaceLines, restored: blankLinesRestored, isEdgeAmbiguous } = this
    return { start, end, lines: this.markLastLine(), whiteSpaceLines, blankLinesRestored, isEdgeAmbiguous }
  }

  private takeAdded(line: DiffLine): void {
    this.addedFrom ??= this.lines.length
    this.lines.push(line)
  }

  private takeOld({ mark, text }: DiffLine, squeezed: string): boolean {
    const { file } = this.laying
    while (this.at > this.start && this.restored < this.lost && squeezed !== '' && this.isBlankAt(this.at)) {
      if (!this.restoreInside()) return false
    }
    if (file.squeezed[this.at] !== squeezed) return false
    if (file.lines[this.at] !== text) this.whiteSpaceLines += 1
    this.pushOld(mark)
    return true
  }

  /** @returns false if the choices contradict the file's order of lines. */
  private restoreInside(): boolean {
    this.restored += 1
    if (this.addedFrom === undefined) {
      this.pushOld(' ')
      return true
    }
    const isBefore = ((this.laying.choices >> this.choicesMet) & 1) === 1
    this.choicesMet += 1
    const isBehindTaken = this.lines.at(-1)?.mark !== '+'
    this.lines.splice(
      isBefore ? this.addedFrom : this.lines.length,
      0,
      asContext(this.laying.file.lines[this.at] ?? ''),
    )
    this.addedFrom += isBefore ? 1 : 0
    this.at += 1
    return !(isBefore && isBehindTaken)
  }

  private pushOld(mark: DiffLine['mark']): void {
    this.lines.push({ mark, text: this.laying.file.lines[this.at] ?? '' })
    this.at += 1
    this.addedFrom = undefined
  }

  /** What is still missing can only be blank context before the first or after the last line: the same change either way. */
  private restoreAtEdges(): boolean {
    const rest = this.lost - this.restored
    for (let before = 0; before <= rest; before++) {
      if (!this.fitsAtEdges(before, rest - before)) continue
      this.isEdgeAmbiguous ||= before > 0 && this.lines[0]?.mark === '+'
      this.isEdgeAmbiguous ||= rest > before && this.lines.at(-1)?.mark === '+'
      for (let count = 0; count < rest - before; count++) this.pushOld(' ')
      this.start -= before
      this.lines.unshift(...this.laying.file.lines.slice(this.start, this.start + before).map(asContext))
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
    return first + before <= contextLimit && this.lines.length - 1 - last + after <= contextLimit
  }

  private isBlankAt(index: number): boolean {
    return this.laying.file.squeezed[index] === ''
  }

  /** Whether the old file ends without a newline is the file's to say. */
  private markLastLine(): readonly DiffLine[] {
    const { file } = this.laying
    if (this.at !== file.lines.length || file.endsWithNewline) return this.lines
    const last = this.lines.findLastIndex((line) => line.mark !== '+')
    return this.lines.map((line, index) => (index === last ? { ...line, endsWithoutNewline: true } : line))
  }
}

function asContext(text: string): DiffLine {
  return { mark: ' ', text }
}
