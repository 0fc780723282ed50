import type { FileEvents } from '../decode/file-events.js'
import { GapFinder, type Gap, type GapEdge } from '../decode/gap-bounds.js'
import type { Trace, TraceSlice } from '../decode/load-trace.js'
import type { ModuleEvents } from '../decode/module-events.js'
import { readPhaseMarks, type PhaseMark } from '../decode/phase-marks.js'
import { messageOf } from '../fct-error.js'
import { Census } from './census.js'
import { Accusations, type Accusation } from './findings.js'
import { flagMasks, type FlavourFeatures } from './flavours/flavour.js'
import type { ProbedFlavour } from './flavours/probe.js'
import type { Lives } from './lives.js'
import type { TraceRule } from './rule.js'
import { TraceJudge } from './trace-judge.js'

/** What is known before the first event. */
export interface StreamCase {
  /** Views that follow the rows; or why nothing can be judged. */
  readonly events: FileEvents | string
  readonly told: ModuleEvents
  readonly features: FlavourFeatures
  readonly probed: ProbedFlavour
  /** Those that may turn out to be applicable; what they find is for the end to let stand. */
  readonly rules: readonly TraceRule[]
  /** Gaps that slices do not tell of. */
  readonly ends: readonly Gap[]
  /** The gaps that slices tell of, if they are known already. */
  readonly marks?: Trace['gaps']
}

/** Judges a trace slice by slice, as it is read or as it comes. What it keeps grows with the objects, not with the events. */
export class StreamJudge {
  readonly phases: PhaseMark[] = []
  readonly told: ModuleEvents
  readonly census: Census | undefined
  readonly #events: FileEvents | string
  readonly #judge: TraceJudge | undefined
  readonly #gaps: GapFinder
  readonly #accusations = new Accusations()
  #failure: string | undefined

  constructor({ events, told, features, probed, rules, ends, marks }: StreamCase) {
    this.told = told
    this.#events = events
    this.#gaps = new GapFinder(ends, marks)
    if (typeof events === 'string') return
    this.census = new Census(events)
    const { flavour } = probed
    if (!flavour) return
    const trial = new TraceJudge({
      events,
      told,
      flavour,
      flags: flagMasks(features),
      rules,
      phases: this.phases,
      onBroken: ({ id }, broken, row) => {
        this.#accusations.add(id, broken, row, trial.row)
      },
    })
    this.#judge = trial
  }

  /** @param slice The next rows, or the whole trace. */
  push(slice: TraceSlice): void {
    const { first = 0, rows } = slice
    this.told.enter(slice)
    this.#enter(slice)
    let row = 0
    for (const stop of this.#stopsIn(slice)) {
      this.#walk(slice, row, stop.row - first)
      row = stop.row - first
      if ('isBegin' in stop) this.#judge?.pass(stop)
      else this.#enterPhase(stop)
    }
    this.#walk(slice, row, rows.count)
  }

  /** Nothing more will come. */
  end(): void {
    for (const edge of this.#gaps.end()) this.#judge?.pass(edge)
    this.#judge?.end()
  }

  /** The events, or why there are none. */
  get events(): FileEvents | string {
    return this.#failure ?? (this.census?.judged === 0 ? 'the trace has no fct_file event' : this.#events)
  }

  /** Undefined where nothing could be judged. */
  get lives(): Pick<Lives, 'begun' | 'ended' | 'cutByGaps'> | undefined {
    if (typeof this.events === 'string' || !this.#judge) return undefined
    const { begun, ended, cutByGaps } = this.#judge.lives
    return { begun, ended, cutByGaps }
  }

  /** Events by tracepoint, if they were judged. */
  get counts(): Pick<Census, 'judged' | 'perTracepoint'> | undefined {
    if (this.lives === undefined || this.census === undefined) return undefined
    const { judged, perTracepoint } = this.census
    return { judged, perTracepoint }
  }

  /** What rules say of what has come up to now. */
  get accusations(): Accusation[] {
    return typeof this.events === 'string' ? [] : this.#accusations.list()
  }

  get gaps(): Gap[] {
    return this.#gaps.list()
  }

  /** Part of it was judged before it was known that events are missing there: only to read it again, with `marks`, helps. */
  get isMisled(): boolean {
    return this.lateGaps > 0
  }

  /** How often. */
  get lateGaps(): number {
    return this.#gaps.late
  }

  #enter(slice: TraceSlice): void {
    if (typeof this.#events === 'string') return
    try {
      this.#events.enter(slice)
    } catch (error) {
      this.#failure = messageOf(error)
    }
  }

  /** Before a phase at the same row: what is missing may have happened before it. */
  #stopsIn(slice: TraceSlice): (GapEdge | PhaseMark)[] {
    const stops = [...this.#gaps.enter(slice), ...readPhaseMarks(slice)]
    return stops.sort((a, b) => a.row - b.row)
  }

  #enterPhase(mark: PhaseMark): void {
    this.phases.push(mark)
    this.census?.enterPhase(mark)
    this.#judge?.enterPhase(mark)
  }

  #walk(slice: TraceSlice, from: number, to: number): void {
    if (this.#failure !== undefined) return
    this.census?.count(slice, from, to)
    this.#judge?.walk(slice, from, to)
  }
}
