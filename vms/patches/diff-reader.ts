import { readFileHeader, startsFileHeader, type DiffReading } from './file-header.js'
import { HunkBody } from './hunk-body.js'
import { formatHunkHeader, hunkHeader, parseHunkHeader, type HunkRanges } from './hunk-header.js'
import type { FileChange, Hunk } from './patch.js'
import type { SourceLine } from './quotation.js'
import { refuse } from './refusal.js'
import { isBlank } from './white-space.js'

export interface ReadDiff {
  readonly files: readonly FileChange[]
  /** Numbers of the diff's first and last line in the message. */
  readonly firstLine: number
  readonly lastLine: number
}

/** Reviewers cut what they do not speak of: `[...]`, `...`, `<snip>`, `[... more ...]`. */
const snipMark =
  /^\s*(?:[[<({]\s*(?:\.{2,}|\xe2\x80\xa6|snip|cut\b).*|(?:\.{3,}|\xe2\x80\xa6|snip(?:ped)?)\s*)$/i

/**
 * Reads the files and hunks of a diff.
 *
 * For a plain diff this is for showing and for looking at paths; git decides what it means, and the two must agree. For a
 * lossy one it is what there is: the counts in the hunks' headers say where each must end, and a hunk that does not end there
 * is refused.
 */
export function readDiff(
  lines: readonly SourceLine[],
  reading: DiffReading,
  comments: readonly SourceLine[] = [],
): ReadDiff {
  return new DiffReader(lines, reading, comments).read()
}

class DiffReader {
  private at = 0
  private lastLine = 0

  constructor(
    private readonly lines: readonly SourceLine[],
    private readonly reading: DiffReading,
    private readonly comments: readonly SourceLine[],
  ) {}

  read(): ReadDiff {
    const files: FileChange[] = []
    let firstLine = 0
    while (this.skipToFile()) {
      firstLine ||= this.lines[this.at]?.number ?? 0
      files.push(this.readFile())
    }
    return { files, firstLine, lastLine: this.lastLine }
  }

  private get text(): string {
    return this.lines[this.at]?.text ?? ''
  }

  private get isAtEnd(): boolean {
    return this.at >= this.lines.length
  }

  private skipToFile(): boolean {
    while (!this.isAtEnd && !startsFileHeader(this.lines, this.at)) {
      if (this.reading.isLossy && parseHunkHeader(this.text) !== undefined) {
        throw refuse(
          'FCT_PATCH_NO_FILE',
          this.reading.origin,
          'the header that names the file of this hunk is missing',
          [this.text],
        )
      }
      this.at += 1
    }
    return !this.isAtEnd
  }

  private readFile(): FileChange {
    const { header, next } = readFileHeader(this.lines, this.at, this.reading)
    this.lastLine = this.lines[next - 1]?.number ?? 0
    this.at = next
    const hunks: Hunk[] = []
    for (let ranges = this.nextRanges(); ranges !== undefined; ranges = this.nextRanges()) {
      hunks.push(this.readHunk(header.path, hunks.length + 1, ranges))
      if (this.reading.isLossy) this.skipAfterHunk(header.path, hunks.length)
    }
    return { ...header, hunks }
  }

  private nextRanges(): HunkRanges | undefined {
    // A blank line may have slipped between a file's header and its first hunk.
    while (this.reading.isLossy && !this.isAtEnd && isBlank(this.text)) this.at += 1
    return parseHunkHeader(this.text)
  }

  private readHunk(path: string, number: number, ranges: HunkRanges): Hunk {
    const headerLine = this.lines[this.at]?.number ?? 0
    this.at += 1
    const body = new HunkBody(ranges)
    while (!this.isAtEnd && !body.isComplete && !this.endsHunk()) {
      if (!(this.reading.isLossy && snipMark.test(this.text)) && !body.take(this.text, this.reading.isLossy))
        break
      this.at += 1
    }
    if (this.text.startsWith('\\ No newline')) {
      body.take(this.text, false)
      this.at += 1
    }
    this.lastLine = this.lines[this.at - 1]?.number ?? 0
    const lostLines = this.countLost(body, path, number, headerLine)
    return { number, ...ranges, lines: body.lines, lostLines }
  }

  /** A header, or the signature that ends a mail; without loss, the counts alone say where a hunk ends. */
  private endsHunk(): boolean {
    if (!this.reading.isLossy) return false
    return this.startsHeader() || this.isSignature()
  }

  private startsHeader(): boolean {
    return startsFileHeader(this.lines, this.at) || hunkHeader.test(this.text)
  }

  /** `-- ` and git's version below it. Alone, it could be the removal of a line `-`. */
  private isSignature(): boolean {
    return /^-- ?$/.test(this.text) && /^\d+\.\d+|^$/.test(this.lines[this.at + 1]?.text ?? '')
  }

  private countLost(body: HunkBody, path: string, number: number, headerLine: number): number {
    const { missingOld, missingNew } = body
    if (missingOld === 0 && missingNew === 0) return 0
    const marks = this.findSnipMarks(headerLine)
    const canBeBlank = this.reading.isLossy && missingOld === missingNew && marks.length === 0
    if (canBeBlank && missingOld > 0) return missingOld
    const { oldLines, newLines } = body.ranges
    const had = `${body.oldSeen} old and ${body.newSeen} new ones stand below it`
    throw refuse(
      missingOld < 0 || missingNew < 0 ? 'FCT_PATCH_HUNK_TOO_LONG' : 'FCT_PATCH_HUNK_CUT',
      this.reading.origin,
      `${path}, hunk ${number}: its header counts ${oldLines} old and ${newLines} new lines, ${had}`,
      [
        formatHunkHeader(body.ranges),
        ...marks.map((mark) => `line ${mark.number}: ${mark.text}`),
        ...(marks.length === 0
          ? ['Lines were left out, or a line beginning with + or - has lost the blank before it.']
          : []),
      ],
    )
  }

  /** Marks between a hunk's header and the line read next, at any quote level. */
  private findSnipMarks(headerLine: number): SourceLine[] {
    const next = this.lines[this.at]?.number ?? Infinity
    const isInside = ({ number }: SourceLine): boolean => number > headerLine && number <= next
    return [...this.comments, ...this.lines].filter((line) => isInside(line) && snipMark.test(line.text))
  }

  /** What follows a whole hunk must not look like more of it: then a comment was taken for a line of it, or its counts lie. */
  private skipAfterHunk(path: string, number: number): void {
    let isText = false
    for (; !this.isAtEnd && !this.startsHeader(); this.at += 1) {
      if (this.isSignature()) {
        this.skipToHeader()
        return
      }
      const endsDiff = isBlank(this.text) || snipMark.test(this.text) || this.text.startsWith('base-commit: ')
      if (/^[+-]/.test(this.text) || !(isText || endsDiff)) {
        throw refuse(
          'FCT_PATCH_HUNK_TOO_LONG',
          this.reading.origin,
          `${path}, hunk ${number}: more lines follow than its header counts`,
          [`line ${this.lines[this.at]?.number ?? 0}: ${this.text}`],
        )
      }
      isText ||= endsDiff
    }
  }

  private skipToHeader(): void {
    while (!this.isAtEnd && !this.startsHeader()) this.at += 1
  }
}
