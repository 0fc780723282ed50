import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { TraceMetadata } from '../agent/protocol.js'
import { LiveTrace } from '../decode/live-trace.js'
import { messageOf } from '../fct-error.js'
import type { Accusation } from '../oracle/findings.js'
import { LiveJudge } from '../oracle/live-judge.js'
import type { LiveReport } from '../verdict/compose-result.js'

export interface LiveFinding {
  readonly rule: string
  readonly signature: string
  readonly says: string
  /** Since the load was asked for; 0 if it was found before. */
  readonly second: number
}

export interface LiveOptions {
  readonly onFinding: (finding: LiveFinding) => void
  /** After which there is enough: any, or one of these rules; none by default. */
  readonly until?: boolean | readonly string[]
  /** Bytes of pages that may wait to be judged. */
  readonly mostWaiting?: number
}

/** A guest whose ring buffers fill at 100 MB/s is 0.6 s ahead then, and one of whose CPUs has long been silent is not judged. */
const usualMostWaiting = 64 << 20

/** To judge some pages costs as much as their events and a thousand more, so they are let gather for so long, ms. */
const gatherMs = 100
/** Or until there are so many. */
const mostGathered = 256

/**
 * Judges the pages of a run as they come, beside whoever keeps them. Who pushes never waits: a judge that falls too far behind
 * gives up, and the judgement at the end is the only one.
 */
export class LiveCheck {
  /** Resolves with the finding that was waited for. */
  readonly enough: Promise<void>
  readonly #options: LiveOptions
  readonly #found: LiveFinding[] = []
  readonly #over = new AbortController()
  #trace: LiveTrace | undefined
  #mostPages = 0
  #judging: Promise<void> = Promise.resolve()
  #loadBegan: number | undefined
  #gaveUp: string | null = null

  #isEnough: () => void = () => undefined

  constructor(options: LiveOptions) {
    this.#options = options
    this.enough = new Promise((resolve) => (this.#isEnough = resolve))
  }

  /** The pages that come are of this kernel. */
  start(metadata: TraceMetadata): void {
    try {
      const trace = new LiveTrace(metadata)
      this.#trace = trace
      this.#mostPages = (this.#options.mostWaiting ?? usualMostWaiting) / metadata.pageSize
      this.#judging = this.#judge(trace).catch((error: unknown) => {
        this.#giveUp(messageOf(error))
      })
    } catch (error) {
      this.#giveUp(messageOf(error))
    }
  }

  beginLoad(): void {
    this.#loadBegan = performance.now()
  }

  push(cpu: number, page: Uint8Array): void {
    if (!this.#trace) return
    this.#trace.push(cpu, page)
    if (this.#trace.waiting > this.#mostPages) this.#giveUp('it was too far behind')
  }

  /** No page will come. */
  async end(): Promise<LiveReport> {
    this.#stop()
    await this.#judging
    const seconds = new Map(this.#found.map(({ signature, second }) => [signature, second]))
    return { seconds, gaveUp: this.#gaveUp }
  }

  async #judge(trace: LiveTrace): Promise<void> {
    const judge = new LiveJudge(trace.head)
    for await (const slice of trace) {
      if (this.#gaveUp !== null) return
      for (const accusation of judge.push(slice)) this.#tell(accusation)
      if (trace.waiting < mostGathered) await this.#gather()
    }
  }

  async #gather(): Promise<void> {
    await delay(gatherMs, undefined, { signal: this.#over.signal }).catch(() => undefined)
  }

  #tell({ rule, signature, broken }: Accusation): void {
    const now = performance.now()
    const second = Math.round(now - (this.#loadBegan ?? now)) / 1000
    const finding = { rule, signature, says: broken.says, second }
    this.#found.push(finding)
    const { onFinding, until = false } = this.#options
    onFinding(finding)
    if (until === true || (until !== false && until.includes(rule))) this.#isEnough()
  }

  #giveUp(reason: string): void {
    this.#gaveUp ??= reason
    this.#stop()
  }

  #stop(): void {
    this.#over.abort()
    this.#trace?.end()
    this.#trace = undefined
  }
}
