import { maskOf } from './facts.js'
import type { Flavour } from './flavours/flavour.js'
import { codeCount, codes } from './operations.js'
import type { TraceRule } from './rule.js'

/** A rule that wants to see an operation, and the facts without which it need not. */
interface Suspicion {
  readonly rule: TraceRule
  readonly facts: number
}

/** Any fact: there is always one, as each count is at 0, above or saturated. */
const anything = -1

/** Which rules are to be asked at an event, put together from what the rules say they suspect. */
export class Suspicions {
  /** By code: the facts of which none is there if no rule need be asked. */
  readonly alarms = new Int32Array(codeCount)
  readonly #byCode: readonly Suspicion[][]

  constructor(rules: readonly TraceRule[], flavour: Flavour) {
    this.#byCode = Array.from(this.alarms, () => [])
    for (const rule of rules) {
      for (const tracepoint of rule.on?.(flavour) ?? []) {
        const suspects = rule.suspects?.(tracepoint, flavour)
        const facts = suspects ? maskOf(suspects) : anything
        const code = codes[tracepoint]
        this.alarms[code] = (this.alarms[code] ?? 0) | facts
        this.#byCode[code]?.push({ rule, facts })
      }
    }
  }

  of(operation: number): readonly Suspicion[] {
    return this.#byCode[operation] ?? []
  }
}
