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

/** Collects what rules say; evidence is gathered once per signature. */
export class Findings {
  readonly #found = new Map<string, Finding>()

  add(rule: string, broken: Broken, row: number, writer: EvidenceWriter): void {
    const at = broken.row ?? row
    this.#merge(rule, broken.path, () => {
      const { text, life } = writer.write(at, broken.says)
      return { firstGuestSecond: writer.secondAt(at), evidence: text, life }
    })
  }

  addOnPaper(rule: string, { path, second, evidence }: BrokenOnPaper): void {
    this.#merge(rule, path, () => ({ firstGuestSecond: second, evidence }))
  }

  /** In the order in which they were first seen in the guest: the first is nearest to the cause. */
  list(): Finding[] {
    return [...this.#found.values()].sort((a, b) => a.firstGuestSecond - b.firstGuestSecond)
  }

  #merge(
    rule: string,
    path: string,
    first: () => Pick<Finding, 'firstGuestSecond' | 'evidence' | 'life'>,
  ): void {
    const signature = `${rule}: ${path}`
    const known = this.#found.get(signature)
    this.#found.set(
      signature,
      known ? { ...known, count: known.count + 1 } : { rule, signature, count: 1, ...first() },
    )
  }
}
