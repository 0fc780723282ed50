import { unitOf } from '../decode/clock.js'
import type { Trace } from '../decode/load-trace.js'

/** Seconds with nine digits, "1524.632086470", or ticks as they are. */
export function stampFormatter(trace: Trace): (stamp: bigint) => string {
  return unitOf(trace) === 'ticks' ? String : (stamp) => withPoint(stamp, 9)
}

/** Moves the decimal point: 1234567n with 3 digits behind it is "1234.567". */
export function withPoint(value: bigint, digits: number): string {
  const text = String(value).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}
