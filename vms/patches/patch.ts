/**
 * The text of diffs is kept as "binary" strings, one character a byte (latin1), so that whatever encoding a source file has
 * goes through unchanged; `show-patches` makes it readable again.
 */

/** A line of a hunk. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+'
  /** Without the mark and the line's end. */
  readonly text: string
  /** Set when the file ends here without a newline. */
  readonly endsWithoutNewline?: true
}

export interface Hunk {
  /** From 1 in its file. */
  readonly number: number
  /** Line in the old file, from 1; 0 where the old file is empty. */
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** What stands after the second `@@`: the function it is in, as git saw it. */
  readonly section: string
  readonly lines: readonly DiffLine[]
  /** Context lines that the header counts and the mail has not; in a review mail only, else 0. They can only be blank ones. */
  readonly lostLines: number
}

export type Change = 'modified' | 'added' | 'deleted' | 'renamed' | 'copied'

/** What a patch does to one file. Paths are relative to the tree, with the `-p` components taken off. */
export interface FileChange {
  readonly change: Change
  readonly path: string
  /** Where a renamed or copied file comes from; else the same as `path`. */
  readonly oldPath: string
  /** 0o644 or 0o755 where the patch sets it. */
  readonly mode?: number
  readonly hunks: readonly Hunk[]
}

export interface Origin {
  /** The file that it was read from. */
  readonly path: string
  /** Which mail of an mbox, from 1; absent if the file is no mail. */
  readonly mail?: number
  /** The mail's subject as it stands there, UTF-8; '' if there is none. */
  readonly subject: string
}

interface AnyPatch {
  readonly origin: Origin
  readonly files: readonly FileChange[]
}

/** A patch that git can apply as it is. */
export interface PlainPatch extends AnyPatch {
  readonly kind: 'plain'
  readonly diff: string
  /** Path components to take off (`-p`); 1 unless a series says otherwise. */
  readonly strip: number
}

/** A patch recovered from the quotation in a review; its white space is not to be trusted before `alignPatch`. */
export interface ReviewPatch extends AnyPatch {
  readonly kind: 'review-mail'
  /** How many `>` stood before the diff. */
  readonly quoteLevel: number
  /** Lines of comment between the first and the last line of the diff that were left out. */
  readonly commentLines: number
  /** Whether the mail's own diffstat agrees; without one, a hunk cut out at the end would go unnoticed. */
  readonly completeness: 'diffstat agrees' | 'no diffstat'
}

export type Patch = PlainPatch | ReviewPatch

/** Patches in the order in which they are to be applied. */
export interface PatchSet {
  readonly patches: readonly Patch[]
  /** Mails that were read and hold no patch of their own: cover letters and, in an mbox with patches, the replies. */
  readonly leftOut: readonly { readonly origin: Origin; readonly reason: string }[]
}

/** Every path that the patch reads or writes, sorted. */
export function touchedFiles({ files }: Pick<AnyPatch, 'files'>): string[] {
  return [...new Set(files.flatMap(({ path, oldPath }) => [oldPath, path]))].sort()
}

export function describeOrigin({ path, mail, subject }: Origin): string {
  const place = mail === undefined || mail === 1 ? path : `${path}, mail ${mail}`
  return subject === '' ? place : `${place} (${subject})`
}
