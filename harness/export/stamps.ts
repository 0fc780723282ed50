import type { Trace } from '../decode/load-trace.js'

/** Clocks whose stamps are no time: events are in order, nothing more. */
const tickClocks: ReadonlySet<string> = new Set(['counter', 'x86-tsc', 'ppc-tb'])

/** What a stamp of the trace counts. */
export function unitOf({ clock }: Trace): 'ns' | 'ticks' {
  return tickClocks.has(clock) ? 'ticks' : 'ns'
}

const nsPerSecond = 1_000_000_000n

/** Seconds with nine digits, "1524.632086470", or ticks as they are. */
export function stampFormatter(trace: Trace): (stamp: bigint) => string {
  if (unitOf(trace) === 'ticks') return String
  return (stamp) => `${stamp / nsPerSecond}.${String(stamp % nsPerSecond).padStart(9, '0')}`
}
