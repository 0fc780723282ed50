import type { FileEvents } from '../decode/file-events.js'
import type { Trace } from '../decode/load-trace.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { codes } from './operations.js'

interface Bounds {
  /** Between the begin of the load and its end. */
  readonly least: number
  /** In the whole trace. */
  readonly most: number
}

/** How often what nfsd counts stands in the trace. */
export interface Counted {
  /** nfsd_file_acquire with an nfsd_file. */
  readonly acquisitions: Bounds
  /** nfsd_file_gc_disposed. */
  readonly evictions: Bounds
}

/** @returns undefined if the trace has no phases. */
export function countEvents(
  { rows: { count, type } }: Trace,
  events: FileEvents,
  phases: readonly PhaseMark[],
): Counted | undefined {
  const load = phases.find(({ phase }) => phase === 'load')
  const quiet = phases.find(({ phase }) => phase === 'quiet')
  if (!load || !quiet) return undefined
  const counted = { acquisitions: { least: 0, most: 0 }, evictions: { least: 0, most: 0 } }
  for (let row = 0; row < count; row++) {
    if (type[row] !== events.type) continue
    events.moveTo(row)
    const { operation } = events
    if (operation === codes.nfsd_file_gc_disposed) add(counted.evictions)
    else if (operation === codes.nfsd_file_acquire && events.nf !== 0) add(counted.acquisitions)

    function add(bounds: { least: number; most: number }): void {
      bounds.most++
      if (load && quiet && row > load.row && row < quiet.row) bounds.least++
    }
  }
  return counted
}
