import type { ConsoleLine } from './console-lines.js'
import type { Header } from './header.js'
import { joinHeaders } from './join-headers.js'
import { signatureOf } from './signature.js'
import type { Splat, SplatKind } from './splat.js'

/** Longest splat kept whole: lockdep with its dependency chains stays below it. */
const mostLines = 250
/** A splat is printed at one go; what comes later than this after its last line is another matter. */
const mostPause = 1

const cutHere = /^-+\[ cut here \]-+$/
const bodyBegins = /^(?:CPU: \d+ |Call [Tt]race:|Hardware name:|RIP: |task:|kmemleak: {2})/

/** Kinds that print no "end trace"; the call trace is the last of them. */
const endWithTrace: readonly SplatKind[] = ['lockdep', 'stall', 'bug']

/** A splat under way. */
export class Draft {
  readonly #lines: ConsoleLine[]
  /** Missing while only "cut here" was seen. */
  #header: Header | undefined
  /** The part that names the CPU and the calls has begun: a header from now on is another splat's. */
  #hasBody = false
  #isFinished = false

  private constructor(line: ConsoleLine, header: Header | undefined) {
    this.#lines = [line]
    this.#header = header
  }

  /** undefined if no splat begins with this line. */
  static begin(line: ConsoleLine, header: Header | undefined): Draft | undefined {
    return header || cutHere.test(line.message) ? new Draft(line, header) : undefined
  }

  get isOfStall(): boolean {
    return this.#header?.kind === 'stall' || this.#header?.kind === 'rcu'
  }

  /** The line is not this splat's any more. */
  isPast({ stamp }: ConsoleLine): boolean {
    const last = this.#lines.at(-1)?.stamp ?? null
    const isLater = stamp !== null && last !== null && Math.abs(stamp - last) > mostPause
    return this.#isFinished || this.#lines.length >= mostLines || isLater
  }

  add(line: ConsoleLine): void {
    this.#lines.push(line)
  }

  /** False, and nothing done, if another splat begins with the line. */
  join(line: ConsoleLine, header: Header | undefined): boolean {
    if (header) {
      const joined = this.#hasBody ? undefined : joinHeaders(this.#header, header)
      if (!joined) return false
      this.#header = joined
    } else if (cutHere.test(line.message) && !this.#awaitsCut) return false
    this.#lines.push(line)
    if (bodyBegins.test(line.message)) this.#hasBody = true
    return true
  }

  /** Some texts are printed before the BUG() or the WARN() that they are about. */
  get #awaitsCut(): boolean {
    const begun = this.#lines[0]
    if (!begun || this.#hasBody || cutHere.test(begun.message)) return false
    return this.#header?.role === 'text' && !this.#header.isLoose
  }

  /** Nothing more belongs to it. */
  get isComplete(): boolean {
    const message = this.#lines.at(-1)?.message ?? ''
    if (message.startsWith('---[ end trace')) return true
    if (!this.#header || !this.#hasBody) return false
    const { kind, role } = this.#header
    if (kind === 'sanitizer') return /^=+$/.test(message)
    if (kind === 'slub') return message.startsWith('FIX ')
    const diesOrWarns = role === 'site' || role === 'die'
    return endWithTrace.includes(kind) && !diesOrWarns && message.trim() === '</TASK>'
  }

  /** undefined if it turned out to be none, or was told already. */
  finish(): Splat | undefined {
    const [first] = this.#lines
    const header = this.#header
    if (!first || !header || this.#isFinished) return undefined
    this.#isFinished = true
    // A line that any program may have printed, and no stack: not the kernel's word.
    if (header.isLoose && !first.isMarked && !this.#hasBody) return undefined
    return {
      kind: header.kind,
      signature: signatureOf(header, this.#lines),
      second: first.stamp ?? 0,
      firstLine: first.number,
      lastLine: this.#lines.at(-1)?.number ?? first.number,
      text: this.#lines.map(({ raw }) => raw).join('\n'),
    }
  }
}
