import { createLogUpdate } from 'log-update'
import type { Mirrors } from '../../vms/apt-root.js'
import type { BuildContext } from '../../vms/cache.js'
import type { Progress } from '../agent/protocol.js'

/** Where progress goes: stderr, so that stdout holds nothing but the result. */
type Output = NodeJS.WriteStream

/** Says what is being built, and how long it took; gives up when the user does. */
export function buildContext(output: Output, signal: AbortSignal, mirrors?: Mirrors): BuildContext {
  const announce = (title: string) => {
    const began = Date.now()
    output.write(`building: ${title} ...\n`)
    return () => output.write(`building: ${title}: ${((Date.now() - began) / 1000).toFixed(1)} s\n`)
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
  const began = Date.now()
  const elapsed = (): string => `${((Date.now() - began) / 1000).toFixed(0).padStart(3)} s`
  const line = (text: string): string => `${title} ${elapsed()}  ${text}`
  const renew = output.isTTY && isAlone ? createLogUpdate(output) : undefined
  let lastPlain = -Infinity
  const write = (text: string, isUrgent: boolean): void => {
    if (renew !== undefined) renew(line(text))
    else if (isUrgent || Date.now() - lastPlain >= plainEveryMs) {
      lastPlain = Date.now()
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

function describeLoad({ seconds, device, clients, trace }: Progress, wanted: number): string {
  const perSecond = (count: number): string =>
    `${Math.round(count / Math.max(seconds, 1)).toLocaleString('en')}/s`
  const operations = Object.values(clients.operations).reduce((sum, count) => sum + count, 0)
  const stressors = Object.entries(device.stressors).map(
    ([name, { useful }]) => `${name} ${perSecond(useful)}`,
  )
  const megabytes = `${(trace.bytes / 1e6).toFixed(1)} MB of trace`
  return `load ${seconds.toFixed(0)}/${String(wanted)} s: clients ${perSecond(operations)}, ${stressors.join(', ')}, ${megabytes}`
}
