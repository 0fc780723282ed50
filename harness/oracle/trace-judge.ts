import type { FileEvents } from '../decode/file-events.js'
import type { Gap } from '../decode/gap-bounds.js'
import type { Trace } from '../decode/load-trace.js'
import { ModuleEvents } from '../decode/module-events.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { Closes } from './closes.js'
import type { EvidenceWriter } from './evidence.js'
import type { Findings } from './findings.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'
import { Lives } from './lives.js'
import { codeCount, codes, codeSet } from './operations.js'
import type { Broken, ModuleMoment, Moment, Standing, TraceRule } from './rule.js'
import { Tasks } from './tasks.js'

export interface TraceCase {
  readonly trace: Trace
  readonly events: FileEvents
  readonly phases: readonly PhaseMark[]
  readonly gaps: readonly Gap[]
  readonly flavour: Flavour
  readonly flags: FlagMasks
  readonly rules: readonly TraceRule[]
}

/** Something to do before the event of `row` is looked at. */
interface Stop {
  readonly row: number
  readonly act: () => void
}

/** Takes the rules over every event of a trace, once and in order. */
export class TraceJudge {
  readonly lives: Lives
  /** Events per code of operations.ts. */
  readonly perOperation = new Uint32Array(codeCount)
  readonly #case: TraceCase
  readonly #tasks: Tasks
  readonly #closes: Closes
  readonly #moment: Moment
  readonly #module: ModuleMoment
  readonly #findings: Findings
  readonly #writer: EvidenceWriter
  /** By code: the rules that want to see the operation. */
  readonly #wanted: readonly (readonly TraceRule[])[]

  constructor(trial: TraceCase, findings: Findings, writer: EvidenceWriter) {
    const { trace, events, flavour, flags, rules } = trial
    this.#case = trial
    this.#findings = findings
    this.#writer = writer
    this.lives = new Lives(trace.pointers.length, flavour, flags)
    this.#tasks = new Tasks(flavour, flags)
    const told = new ModuleEvents(trace)
    this.#closes = new Closes(trace.pointers.length, told.told.has('file closes'))
    const [life, closes] = [this.lives, this.#closes]
    this.#moment = { event: events, life, task: this.#tasks, closes, flags, flavour }
    this.#module = { event: told, life, closes }
    const sets = rules.map((rule) => ({ rule, set: codeSet(rule.on?.(flavour) ?? []) }))
    this.#wanted = Array.from(this.perOperation, (_, code) =>
      sets.filter(({ set }) => set[code] === 1).map(({ rule }) => rule),
    )
  }

  run(): void {
    const { count } = this.#case.trace.rows
    let row = 0
    for (const stop of this.#stops()) {
      this.#walk(row, stop.row)
      stop.act()
      row = stop.row
    }
    this.#walk(row, count)
    const ms = Math.max(this.#case.events.ms, this.#case.phases.at(-1)?.ms ?? 0)
    this.#takeStock((rule) => rule.atEnd?.(this.#standing(ms)))
  }

  /** The hot path: no object is made, no big integer read (facts/tracing.md). */
  #walk(from: number, to: number): void {
    const { trace, events } = this.#case
    const { type } = trace.rows
    const { lives, perOperation } = this
    const tasks = this.#tasks
    const closes = this.#closes
    const { types } = this.#module.event
    for (let row = from; row < to; row++) {
      if (type[row] !== events.type) {
        if (types[type[row] ?? 0] === 1) this.#hear(row)
        continue
      }
      events.moveTo(row)
      const { nf, operation } = events
      perOperation[operation] = (perOperation[operation] ?? 0) + 1
      tasks.select(events.pid)
      lives.select(nf)
      if (nf !== 0) this.#check(operation, row)
      const isOwnLruAdd = operation === codes.nfsd_file_lru_add && tasks.ownsLruAdd(lives)
      if (nf !== 0) lives.apply(events, isOwnLruAdd)
      tasks.apply(events, lives)
      closes.apply(events)
    }
  }

  /** An event of the module's own. */
  #hear(row: number): void {
    const { event, life, closes } = this.#module
    event.moveTo(row)
    const { event: kind, nf, pid } = event
    if (kind === undefined) return
    life.select(nf)
    for (const rule of this.#case.rules) {
      const broken = rule.onModule?.includes(kind) ? rule.checkModule?.(this.#module) : undefined
      if (broken) this.#findings.add(rule.id, broken, row, this.#writer)
    }
    closes.hear(event)
    this.#tasks.select(pid)
    this.#tasks.note(row)
  }

  #check(operation: number, row: number): void {
    for (const rule of this.#wanted[operation] ?? []) {
      const broken = rule.check?.(this.#moment)
      if (broken) this.#findings.add(rule.id, broken, row, this.#writer)
    }
  }

  #stops(): Stop[] {
    const { phases, gaps } = this.#case
    const stops: Stop[] = []
    // Before a phase at the same row: what is missing may have happened before it.
    for (const { from, to } of gaps) {
      stops.push(
        {
          row: from,
          act: () => {
            this.#beginGap()
          },
        },
        {
          row: to,
          act: () => {
            this.#endGap()
          },
        },
      )
    }
    for (const { phase, row, ms } of phases) {
      stops.push({
        row,
        act: () => {
          this.#takeStock((rule) => rule.atPhase?.(phase, this.#standing(ms)))
        },
      })
    }
    return stops.sort((a, b) => a.row - b.row)
  }

  #takeStock(ask: (rule: TraceRule) => Iterable<Broken> | undefined): void {
    for (const rule of this.#case.rules) {
      for (const broken of ask(rule) ?? []) this.#findings.add(rule.id, broken, broken.row ?? 0, this.#writer)
    }
  }

  #standing(ms: number): Standing {
    const { phases, flavour } = this.#case
    return { lives: this.lives, phases, flavour, ms }
  }

  #beginGap(): void {
    this.lives.beginGap()
    this.#tasks.beginGap()
    this.#closes.beginGap()
  }

  #endGap(): void {
    this.lives.endGap()
    this.#tasks.endGap()
    this.#closes.endGap()
  }
}
