import type { SplatKind } from './splat.js'
import { frameOf, type Frame } from './stack.js'

/**
 * What a line is within a splat:
 * - `report` begins one, whatever stands before it;
 * - `text` comes with a WARN() or a BUG(), before the line that names the place;
 * - `site` is that line;
 * - `die` is the line of die(): what the CPU calls the fault;
 * - `detail` says more of the fault than its first line;
 * - `panic` may be but the consequence of a splat.
 */
export type Role = 'report' | 'text' | 'site' | 'die' | 'detail' | 'panic'

/** The line by which a splat is known. */
export interface Header {
  readonly kind: SplatKind
  readonly role: Role
  readonly title: string
  /** The function that the line names. */
  readonly place: Frame | undefined
  /** The title tells the place, or the place is of no account (the detector's own stack). */
  readonly isComplete: boolean
  /** See Pattern. */
  readonly isLoose: boolean
}

type Groups = Readonly<Record<string, string>>

/** A text of the kernel. Named groups of `match` are for `title`; `name` and `module` are the place (see stack.ts). */
export interface Pattern {
  readonly kind: SplatKind
  readonly role?: Role
  readonly isComplete?: boolean
  /** Fits so much that half of another text may look like it, and a program's line, too. */
  readonly isLoose?: boolean
  readonly match: RegExp
  readonly title: string | ((groups: Groups) => string)
}

export function headerOf(
  { kind, role = 'report', isComplete = false, isLoose = false, title }: Pattern,
  groups: Groups,
): Header {
  const { name, module } = groups
  return {
    kind,
    role,
    isComplete,
    isLoose,
    title: typeof title === 'string' ? title : title(groups),
    place: name === undefined ? undefined : frameOf(name, module),
  }
}

/** Without what differs from run to run: addresses, offsets, numbers of tasks and CPUs. */
export function scrub(text = ''): string {
  return text
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\b(?:0x)?[0-9a-f]{8,}\b|\b0x[0-9a-f]+\b/g, 'X')
    .replace(/\b\d+\b/g, 'N')
    .replace(/\.(?:isra|part|constprop|cold)(?:\.[N\d]+)*(?=[\s,!:)]|$)/g, '')
    .trim()
}

/** A module built out of tree names its sources by absolute path, which is another on every machine. */
export function sourceName(file = ''): string {
  return file.startsWith('/') ? file.slice(file.lastIndexOf('/') + 1) : file
}
