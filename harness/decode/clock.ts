import type { Trace } from './load-trace.js'

/** Clocks whose stamps are no time: events are in order, nothing more. */
const tickClocks: ReadonlySet<string> = new Set(['counter', 'x86-tsc', 'ppc-tb'])

/** What a stamp of the trace counts. */
export function unitOf({ clock }: Pick<Trace, 'clock'>): 'ns' | 'ticks' {
  return tickClocks.has(clock) ? 'ticks' : 'ns'
}
