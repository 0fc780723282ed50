import { findEventColumns } from './event-columns.js'
import type { TraceSlice } from './load-trace.js'

export type Phase = 'load' | 'quiet' | 'shutdown' | 'end'

/** Where a run stood from `row` on; phases are announced through FCT_IOC_PHASE. */
export interface PhaseMark {
  readonly phase: Phase
  readonly row: number
  /** Milliseconds since the module was loaded. */
  readonly ms: number
}

const phases: readonly string[] = ['load', 'quiet', 'shutdown', 'end'] satisfies Phase[]

/** The fct_phase events of these rows, in order. Phases that a later module may add are passed over. */
export function readPhaseMarks(slice: Omit<TraceSlice, 'gaps'>): PhaseMark[] {
  const events = findEventColumns(slice, 'fctorture:fct_phase')
  const values = events?.column('phase')
  if (!events || !values || values.length === 0) return []
  const names = events.symbols['phase'] ?? {}
  const times = events.column('ms')
  const marks: PhaseMark[] = []
  const { type, index } = slice.rows
  for (let row = type.indexOf(events.type); row >= 0; row = type.indexOf(events.type, row + 1)) {
    const at = index[row] ?? 0
    const phase = names[values[at] ?? 0] ?? ''
    if (!phases.includes(phase)) continue
    marks.push({ phase: phase as Phase, row: (slice.first ?? 0) + row, ms: times[at] ?? 0 })
  }
  return marks
}
