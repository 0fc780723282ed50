import { createLogUpdate } from 'log-update'
import type { Mirrors } from '../../vms/apt-root.js'
import type { BuildContext } from '../../vms/cache.js'
import type { Progress } from '../agent/protocol.js'
import type { LoadRates } from '../store/history-records.js'

/** Where progress goes: stderr, so that stdout holds nothing but the result. */
type Output = NodeJS.WriteStream

/** Says what is being built, and how long it took; gives up when the user does. */
export function buildContext(output: Output, signal: AbortSignal, mirrors?: Mirrors): BuildContext {
  const announce = (title: string) => {
    const began = performance.now()
    output.write(`building: ${title} ...\n`)
    return () => output.write(`building: ${title}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  }
  return { announce, signal, ...(mirrors && { mirrors }) }
}

/** Shows how a run goes on: one line that renews itself on a terminal, a line now and then elsewhere. */
export interface RunProgress {
  phase(name: string): void
  step(text: string): void
  load(progress: Progress, seconds: number): void
  /** A line that stays. */
  finding(text: string): void
  end(): void
}

const plainEveryMs = 5000

/** @param isAlone Nobody else writes to this terminal meanwhile. */
export function showRunProgress(output: Output, title: string, isAlone: boolean): RunProgress {
  const began = performance.now()
  const elapsed = (): string => `${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s`
  const line = (text: string): string => `${title} ${elapsed()}  ${text}`
  const renew = output.isTTY && isAlone ? createLogUpdate(output) : undefined
  let lastPlain = -Infinity
  const write = (text: string, isUrgent: boolean): void => {
    if (renew !== undefined) renew(line(text))
    else if (isUrgent || performance.now() - lastPlain >= plainEveryMs) {
      lastPlain = performance.now()
      output.write(line(text) + '\n')
    }
  }
  return {
    phase: (name) => {
      write(name, true)
    },
    step: (text) => {
      write(text, true)
    },
    load: (progress, seconds) => {
      write(describeLoad(progress, seconds), false)
    },
    finding: (text) => {
      if (renew !== undefined) renew.persist(line(text))
      else output.write(line(text) + '\n')
    },
    end: () => renew?.clear(),
  }
}

/** Means over the load so far. */
export function ratesOf({ seconds, device, clients, trace }: Progress): LoadRates {
  const perSecond = (count: number): number => count / Math.max(seconds, 1)
  const operations = Object.values(clients.operations).reduce((sum, count) => sum + count, 0)
  const stressors = Object.entries(device.stressors).map(
    ([name, { useful }]) => [name, perSecond(useful)] as const,
  )
  return {
    ...{ seconds, clients: perSecond(operations), stressors: Object.fromEntries(stressors) },
    traceBytes: trace.bytes,
  }
}

function describeLoad(progress: Progress, wanted: number): string {
  const { seconds, clients, stressors, traceBytes } = ratesOf(progress)
  const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en')}/s`
  const each = Object.entries(stressors).map(([name, perSecond]) => `${name} ${rate(perSecond)}`)
  const megabytes = `${(traceBytes / 1e6).toFixed(1)} MB of trace`
  return `load ${seconds.toFixed(0)}/${String(wanted)} s: clients ${rate(clients)}, ${each.join(', ')}, ${megabytes}`
}
