import type { EvidenceWriter } from './evidence.js'
import type { ObjectLife } from './object-life.js'
import type { Broken, BrokenOnPaper } from './rule.js'

/** A broken rule; the same as in the result document. Findings of one signature are one finding. */
export interface Finding {
  readonly rule: string
  /** `<rule>: <path>`, stable over runs. */
  readonly signature: string
  readonly count: number
  /** Seconds since boot; of the first of them. */
  readonly firstGuestSecond: number
  /** Text of several lines, of the first of them. */
  readonly evidence: string
  /** The life of the object that broke it; undefined if the evidence is a text. */
  readonly life?: ObjectLife
}

/** A broken rule, before anybody has looked at the object's life. Accusations of one signature are one. */
export interface Accusation {
  readonly rule: string
  readonly signature: string
  readonly broken: Broken
  /** Of the first of them: an event of the object. */
  readonly row: number
  /** Row up to which the trace had been seen by then. */
  readonly seenAt: number
  count: number
}

/** What rules say while events go by. */
export class Accusations {
  /** By signature, in the order in which they came. */
  readonly #all = new Map<string, Accusation>()

  add(rule: string, broken: Broken, row: number, seenAt: number): void {
    const signature = signatureOf(rule, broken.path)
    const known = this.#all.get(signature)
    if (known) known.count++
    else this.#all.set(signature, { rule, signature, broken, row, seenAt, count: 1 })
  }

  list(): Accusation[] {
    return [...this.#all.values()]
  }
}

/** Collects what is found, with the evidence of the first of each signature. */
export class Findings {
  readonly #found = new Map<string, Finding>()

  add({ rule, signature, broken, row, count }: Accusation, writer: EvidenceWriter): void {
    const { text, life } = writer.write(row, broken.says)
    const firstGuestSecond = writer.secondAt(row)
    this.#found.set(signature, { rule, signature, count, firstGuestSecond, evidence: text, life })
  }

  addOnPaper(rule: string, { path, second, evidence }: BrokenOnPaper): void {
    const signature = signatureOf(rule, path)
    const known = this.#found.get(signature)
    const first = { rule, signature, count: 1, firstGuestSecond: second, evidence }
    this.#found.set(signature, known ? { ...known, count: known.count + 1 } : first)
  }

  /** In the order in which they were first seen in the guest: the first is nearest to the cause. */
  list(): Finding[] {
    return [...this.#found.values()].sort((a, b) => a.firstGuestSecond - b.firstGuestSecond)
  }
}

function signatureOf(rule: string, path: string): string {
  return `${rule}: ${path}`
}
