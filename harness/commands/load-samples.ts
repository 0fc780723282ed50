import type { Op } from '../../addon/index.js'
import type { Progress } from '../agent/protocol.js'
import type { LoadSample } from '../report/load-sample.js'
import type { RunPlan } from '../scenario/plan.js'
import type { RunLoad } from '../store/run-load.js'

/** Twice as many are thinned out to these, so that a run of a day has no more than one of a minute. */
const mostSamples = 600

/** Keeps how a load went on. */
export class LoadSamples {
  readonly #scenario: RunPlan['scenario']
  #samples: LoadSample[] = []
  #last: Progress | undefined
  #skip = 1
  #seen = 0

  constructor({ scenario }: RunPlan) {
    this.#scenario = scenario
  }

  push(progress: Progress): void {
    this.#last = progress
    if (this.#seen++ % this.#skip !== 0) return
    this.#samples.push(this.#sampleOf(progress))
    if (this.#samples.length < 2 * mostSamples) return
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#skip *= 2
  }

  /** @param last What the guest told at its end; else the last that it told before. */
  finish(last: Progress | undefined = this.#last): RunLoad {
    if (last === undefined) return { schema: 1, operations: {}, errors: {}, samples: [] }
    const isNew = last.seconds > (this.#samples.at(-1)?.second ?? -1)
    return {
      schema: 1,
      operations: this.#planned(last.clients.operations),
      errors: namedErrors(last.clients.errors),
      samples: isNew ? [...this.#samples, this.#sampleOf(last)] : this.#samples,
    }
  }

  #sampleOf({ seconds, device, clients }: Progress): LoadSample {
    const stressors = Object.entries(device.stressors)
      .filter(([name, { called }]) => called > 0 || name in this.#scenario.stressors)
      .map(([name, { useful }]) => [name, useful])
    const exposure = Object.entries(device.exposure).filter(([, windows]) => windows > 0)
    return {
      second: Math.round(seconds * 1000) / 1000,
      operations: this.#planned(clients.operations),
      stressors: Object.fromEntries(stressors) as Record<string, number>,
      exposure: Object.fromEntries(exposure),
    }
  }

  #planned(operations: Progress['clients']['operations']): Record<string, number> {
    const { clients, churn } = this.#scenario
    const isPlanned = (name: Op): boolean => [clients, churn].some((load) => (load?.mix[name] ?? 0) > 0)
    return Object.fromEntries(Object.entries(operations).filter(([name]) => isPlanned(name as Op)))
  }
}

/** "unlink ENOENT" */
function namedErrors(errors: Progress['clients']['errors']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([operation, counts]) =>
      Object.entries(counts).map(([code, count]) => [`${operation} ${code}`, count] as const),
    ),
  )
}
