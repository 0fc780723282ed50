import { kernelLines, readConsoleLines, type ConsoleLine } from './console-lines.js'
import { isConsequence, matchHeader, type Header } from './headers.js'
import { signatureOf } from './signature.js'
import type { Splat, SplatKind } from './splat.js'

/** Longest splat kept whole: lockdep with its dependency chains stays below it. */
const mostLines = 250
/** A splat is printed at one go; what comes later than this after its last line is another matter. */
const mostPause = 1

/** A splat under way. `header` is missing while only "cut here" was seen. */
interface Draft {
  header: Header | undefined
  readonly lines: ConsoleLine[]
  /** The part that names the CPU and the calls has begun: a header from now on is another splat's. */
  hasBody: boolean
}

/** Kinds that print no "end trace"; the call trace is the last of them. */
const endWithTrace: readonly SplatKind[] = ['lockdep', 'stall']

/** Cuts a console into the kernel's reports about itself, in order. */
export function splitConsole(text: string): Splat[] {
  const splats: Splat[] = []
  let draft: Draft | undefined
  const close = (): void => {
    const splat = draft && finish(draft)
    if (splat) splats.push(splat)
    draft = undefined
  }
  for (const line of kernelLines(readConsoleLines(text))) {
    if (draft && isPastIt(draft, line)) close()
    const header = matchHeader(line.message)
    const begins = cutHere.test(line.message) || (header !== undefined && !(draft && !draft.hasBody))
    if (header && isConsequence(header) && (draft ?? splats.length > 0)) draft?.lines.push(line)
    else if (begins) {
      close()
      draft = { header, lines: [line], hasBody: false }
    } else if (draft) extend(draft, line, header)
    if (draft && isLast(draft, line)) close()
  }
  close()
  return splats
}

const cutHere = /^-+\[ cut here \]-+$/
const bodyBegins = /^(?:CPU: \d+ |Call Trace:|Hardware name:|RIP: )/

function extend(draft: Draft, line: ConsoleLine, header: Header | undefined): void {
  if (header && header.rank > (draft.header?.rank ?? -1)) draft.header = header
  draft.lines.push(line)
  if (bodyBegins.test(line.message)) draft.hasBody = true
}

function isPastIt({ lines }: Draft, { stamp }: ConsoleLine): boolean {
  const last = lines.at(-1)?.stamp ?? null
  return lines.length >= mostLines || (stamp !== null && last !== null && stamp - last > mostPause)
}

function isLast({ header, hasBody }: Draft, { message }: ConsoleLine): boolean {
  if (message.startsWith('---[ end trace')) return true
  if (!header || !hasBody) return false
  if (header.kind === 'sanitizer') return /^=+$/.test(message)
  if (header.kind === 'slub') return message.startsWith('FIX ')
  return endWithTrace.includes(header.kind) && message.trim() === '</TASK>'
}

function finish({ header, lines }: Draft): Splat | undefined {
  const first = lines[0]
  if (!header || !first) return undefined
  return {
    kind: header.kind,
    signature: signatureOf(header, lines),
    second: first.stamp ?? 0,
    firstLine: first.number,
    lastLine: lines.at(-1)?.number ?? first.number,
    text: lines.map(({ raw }) => raw).join('\n'),
  }
}
