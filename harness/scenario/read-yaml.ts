import { closeSync, openSync, readSync } from 'node:fs'
import { LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { UsageError, messageOf } from '../fct-error.js'

/** Of one anchor, those inside of other aliases included. */
const mostAliases = 100
/** Each key is compared with all others of its mapping: 128 KiB of keys take seconds, 1 MiB minutes. */
const mostBytes = 128 * 1024

/**
 * A file for readYaml, whatever stands behind its name.
 *
 * @throws Error with the reason, also for what is larger than a person writes.
 */
export function readYamlText(path: string): string {
  const bytes = Buffer.alloc(mostBytes + 1)
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(file, bytes, length, bytes.length - length, null)
    if (length > mostBytes) throw new Error(`${path} is larger than ${String(mostBytes / 1024)} KiB`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

/**
 * A YAML text as the schema has it.
 *
 * @param what For the message: "a scenario".
 * @throws UsageError with `code`, file, line and field
 */
export function readYaml<T>(
  text: string,
  { path, code, what, schema }: { path: string; code: `FCT_${string}`; what: string; schema: z.ZodType<T> },
): T {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const invalid = (line: number, message: string): UsageError =>
    new UsageError(code, `${path}:${String(line)}: ${message}`)
  const [syntax] = document.errors
  if (syntax !== undefined)
    throw invalid(lines.linePos(syntax.pos[0]).line, syntax.message.split('\n')[0] ?? '')
  const parsed = schema.safeParse(plainOf(document, (message) => invalid(1, message)))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path ?? []
  const message = `${field.length > 0 ? `${field.join('.')}: ` : ''}${issue?.message ?? `not ${what}`}`
  throw invalid(lineOf(document, lines, field), message)
}

/** Aliases are counted as they are followed: a few lines may stand for more than any memory holds. */
function plainOf(document: Document, invalid: (message: string) => Error): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases })
  } catch (error) {
    throw invalid(messageOf(error))
  }
}

/** The line of the deepest part of a field's path that the file has. */
function lineOf(document: Document, lines: LineCounter, field: readonly PropertyKey[]): number {
  for (let depth = field.length; depth > 0; depth--) {
    const node = document.getIn(field.slice(0, depth), true)
    const range = (node as { range?: [number, number, number] } | undefined)?.range
    if (range !== undefined) return lines.linePos(range[0]).line
  }
  return 1
}
