import type { FileChange, Origin } from './patch.js'
import type { SourceLine } from './quotation.js'
import { hunkHeader } from './hunk-header.js'
import { refuse } from './refusal.js'
import { toTreePath } from './tree-path.js'

type Header = Omit<FileChange, 'hunks'>

/** How the lines of a diff are to be read: from where, with which `-p`, and whether white space may have been lost. */
export interface DiffReading {
  readonly origin: Origin
  readonly strip: number
  readonly isLossy: boolean
}

/** The fields of a header that decide what is done; raw names as they stand there. */
interface Fields {
  git?: [string, string]
  old?: string
  new?: string
  from?: string
  to?: string
  isCopy?: boolean
  isAdded?: boolean
  isDeleted?: boolean
  mode?: number
}

/** Whether a file's header starts at this line: git's, or the two lines of other diff programs. */
export function startsFileHeader(lines: readonly SourceLine[], at: number): boolean {
  const text = (offset: number): string => lines[at + offset]?.text ?? ''
  if (text(0).startsWith('diff --git ')) return true
  return text(0).startsWith('--- ') && text(1).startsWith('+++ ') && hunkHeader.test(text(2))
}

/** Reads a file's header. @returns the header and the index of the line after it. */
export function readFileHeader(
  lines: readonly SourceLine[],
  at: number,
  reading: DiffReading,
): { header: Header; next: number } {
  const fields: Fields = {}
  let next = at
  for (let line = lines[next]; line !== undefined; line = lines[next]) {
    if (next > at && line.text.startsWith('diff --git ')) break
    if (!readField(line.text, fields, reading)) break
    next += 1
    if (fields.new !== undefined) break
  }
  return { header: toHeader(fields, reading), next }
}

/** Takes one line into the fields. @returns false if it is no line of a header. */
function readField(text: string, fields: Fields, { origin }: DiffReading): boolean {
  const [, key, value] = fieldLine.exec(text) ?? []
  if (key === undefined || value === undefined) return false
  if (key === 'GIT binary patch' || key === 'Binary files') {
    throw refuse('FCT_PATCH_BINARY', origin, 'holds a binary diff', [text])
  }
  fieldReaders[key]?.(fields, value.trimStart(), origin)
  return true
}

const fieldLine =
  /^(diff --git|---|\+\+\+|(?:rename|copy) (?:from|to)|(?:new|deleted) file mode|(?:old|new) mode|index|(?:dis)?similarity index|GIT binary patch|Binary files)(?=[ \t]|$)(.*)$/

const fieldReaders: Record<string, ((fields: Fields, value: string, origin: Origin) => void) | undefined> = {
  'diff --git': (fields, value) => {
    const [first = '', second = ''] = value.trimEnd().split(' ')
    fields.git = [first, second]
  },
  '---': (fields, value) => (fields.old = withoutDate(value)),
  '+++': (fields, value) => (fields.new = withoutDate(value)),
  'rename from': (fields, value) => (fields.from = value.trimEnd()),
  'rename to': (fields, value) => (fields.to = value.trimEnd()),
  'copy from': (fields, value) => Object.assign(fields, { from: value.trimEnd(), isCopy: true }),
  'copy to': (fields, value) => (fields.to = value.trimEnd()),
  'new file mode': (fields, value, origin) => {
    Object.assign(fields, { isAdded: true, mode: parseMode(value, origin) })
  },
  'deleted file mode': (fields, value, origin) => {
    parseMode(value, origin)
    fields.isDeleted = true
  },
  'old mode': (_fields, value, origin) => void parseMode(value, origin),
  'new mode': (fields, value, origin) => (fields.mode = parseMode(value, origin)),
  // The mode stands here when it stays as it is; a link's target would be changed as if it were a file.
  index: (_fields, value, origin) => {
    const mode = value.trimEnd().split(' ')[1]
    if (mode !== undefined) parseMode(mode, origin)
  },
}

/** Other diff programs put a date behind the name, after a tab; an archive may have made that a blank. */
function withoutDate(name: string): string {
  return name.replace(/(?:\t| (?=\d{4}-\d\d-\d\d )).*$/, '').trimEnd()
}

function parseMode(value: string, origin: Origin): number {
  const mode = /^100(644|755)$/.exec(value.trimEnd())?.[1]
  if (mode !== undefined) return Number.parseInt(mode, 8)
  throw refuse(
    'FCT_PATCH_FILE_KIND',
    origin,
    `a file of mode ${value.trimEnd()}, only plain files can be patched`,
  )
}

function toHeader(fields: Fields, reading: DiffReading): Header {
  const { origin, strip } = reading
  if (fields.from !== undefined && fields.to !== undefined) {
    // These two have no `a/` and `b/` before them.
    const [oldPath, path] = [fields.from, fields.to].map((name) =>
      toTreePath(name, Math.max(0, strip - 1), origin),
    )
    return {
      change: fields.isCopy ? 'copied' : 'renamed',
      path: path ?? '',
      oldPath: oldPath ?? '',
      ...modeOf(fields),
    }
  }
  const oldName = fields.old ?? fields.git?.[0] ?? ''
  const newName = fields.new ?? fields.git?.[1] ?? ''
  for (const name of [oldName, newName, ...(fields.git ?? [])]) {
    if (name !== '/dev/null') toTreePath(name, strip, origin)
  }
  const isAdded = fields.isAdded === true || oldName === '/dev/null'
  const isDeleted = fields.isDeleted === true || newName === '/dev/null'
  const path = toTreePath(newName === '/dev/null' ? oldName : newName, strip, origin)
  return {
    change: isAdded ? 'added' : isDeleted ? 'deleted' : 'modified',
    path,
    oldPath: path,
    ...modeOf(fields),
  }
}

function modeOf({ mode }: Fields): { mode?: number } {
  return mode === undefined ? {} : { mode }
}
