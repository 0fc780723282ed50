import type { HunkRanges } from './hunk-header.js'
import type { DiffLine } from './patch.js'

const noNewline = /^\\ No newline at end of file/

/** Collects the lines of a hunk until there are as many as its header counts. */
export class HunkBody {
  readonly lines: DiffLine[] = []
  oldSeen = 0
  newSeen = 0

  constructor(readonly ranges: HunkRanges) {}

  get missingOld(): number {
    return this.ranges.oldLines - this.oldSeen
  }

  get missingNew(): number {
    return this.ranges.newLines - this.newSeen
  }

  get isComplete(): boolean {
    return this.missingOld <= 0 && this.missingNew <= 0
  }

  /**
   * Takes the next line. In a lossy diff a context line may have lost the blank that marks it; when such a line begins with
   * `+` or `-` it is misread here, and found out by the counts or by the file.
   *
   * @returns false if it is no line of a hunk.
   */
  take(text: string, isLossy: boolean): boolean {
    if (noNewline.test(text)) return this.endWithoutNewline()
    const mark = text[0] ?? ' '
    if (mark === '+' || mark === '-' || mark === ' ') this.add({ mark, text: text.slice(1) })
    else if (isLossy) this.add({ mark: ' ', text })
    else return false
    return true
  }

  private add(line: DiffLine): void {
    this.lines.push(line)
    if (line.mark !== '+') this.oldSeen += 1
    if (line.mark !== '-') this.newSeen += 1
  }

  private endWithoutNewline(): boolean {
    const last = this.lines.pop()
    if (last === undefined) return false
    this.lines.push({ ...last, endsWithoutNewline: true })
    return true
  }
}
