import { kernelLines, readConsoleLines, type ConsoleLine } from './console-lines.js'
import { Draft } from './draft.js'
import { isConsequence, matchHeader } from './headers.js'
import type { Splat } from './splat.js'

/**
 * Cuts a console into the kernel's reports about itself, in the order of their first lines. One pass, with
 * bounded work per line.
 */
export function splitConsole(text: string): Splat[] {
  const splitter = new Splitter()
  for (const line of kernelLines(readConsoleLines(text))) splitter.take(line)
  return splitter.finish()
}

const bootBegins = /^Linux version \d/
const backtraceOfCpu = /^NMI backtrace for cpu \d/

/** Where the kernel says who prints (CONFIG_PRINTK_CALLER), each caller's splat is put together by itself. */
class Splitter {
  readonly #open = new Map<string, Draft>()
  readonly #splats: Splat[] = []
  /** The last one that asks CPUs where they are. */
  #asking: Draft | undefined
  /** This boot has broken already. */
  #isBroken = false

  take(line: ConsoleLine): void {
    if (bootBegins.test(line.message)) this.#closeAll()
    const draft = this.#draftFor(line)
    const header = matchHeader(line)
    if (header && this.#isBroken && (isConsequence(header) || (line.isCut && header.role === 'panic'))) {
      draft?.add(line)
    } else if (draft?.join(line, header) !== true) {
      if (draft) this.#close(line.caller, draft)
      const begun = Draft.begin(line, header)
      if (begun) this.#open.set(line.caller, begun)
    }
    if (header) this.#isBroken = true
    const now = this.#open.get(line.caller)
    if (now?.isOfStall === true) this.#asking = now
    if (now?.isComplete === true) this.#close(line.caller, now)
  }

  finish(): Splat[] {
    this.#closeAll()
    return this.#splats.sort((a, b) => a.firstLine - b.firstLine)
  }

  #draftFor(line: ConsoleLine): Draft | undefined {
    const own = this.#open.get(line.caller)
    if (own) {
      if (!own.isPast(line)) return own
      this.#close(line.caller, own)
    }
    if (!backtraceOfCpu.test(line.message)) return undefined
    // What a CPU prints when another one asks it where it is belongs to the report of the one that asks.
    if (!this.#asking || this.#asking.isPast(line)) return undefined
    this.#open.set(line.caller, this.#asking)
    return this.#asking
  }

  #close(caller: string, draft: Draft): void {
    this.#open.delete(caller)
    const splat = draft.finish()
    if (splat) this.#splats.push(splat)
  }

  #closeAll(): void {
    for (const [caller, draft] of this.#open) this.#close(caller, draft)
    this.#isBroken = false
  }
}
