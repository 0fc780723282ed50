import { kernelLines, readConsoleLines } from '../oracle/console/console-lines.js'
import { moduleLines } from '../oracle/console/module-lines.js'
import type { ResultDocument } from '../verdict/result.js'

/** A run with a defect in it. */
export interface Attempt {
  readonly result: ResultDocument
  readonly console: string
}

/** When the load began, seconds since boot. */
export function loadSecondOf(console: string): number {
  return secondOfPhase('load', console) ?? 0
}

/** Seconds of load. A guest that died told the time on the console alone. */
export function secondsOfLoad({ result, console }: Attempt): number {
  if (result.guestSeconds > 0) return result.guestSeconds
  const last = kernelLines(readConsoleLines(console)).findLast(({ stamp }) => stamp !== null)
  const end = secondOfPhase('quiet', console) ?? last?.stamp ?? 0
  return Math.max(0, end - loadSecondOf(console))
}

function secondOfPhase(name: string, console: string): number | undefined {
  const mark = moduleLines(console).find(({ message }) => message.startsWith(`fctorture: phase ${name} `))
  return mark?.stamp ?? undefined
}
