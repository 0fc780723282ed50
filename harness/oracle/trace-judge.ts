import type { FileEvents } from '../decode/file-events.js'
import type { GapEdge } from '../decode/gap-bounds.js'
import type { TraceSlice } from '../decode/load-trace.js'
import type { ModuleEvents } from '../decode/module-events.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import { FctError } from '../fct-error.js'
import { Closes } from './closes.js'
import { factOfSign, facts } from './facts.js'
import { FastPath } from './fast-path.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'
import { Lives } from './lives.js'
import { codes } from './operations.js'
import { never } from './records.js'
import type { Broken, ModuleMoment, Moment, Standing, TraceRule } from './rule.js'
import { Suspicions } from './suspicions.js'
import { Tasks } from './tasks.js'

export interface TraceCase {
  /** Views over the rows that are judged: who gives the rows moves the views there first. */
  readonly events: FileEvents
  readonly told: ModuleEvents
  readonly flavour: Flavour
  readonly flags: FlagMasks
  readonly rules: readonly TraceRule[]
  /** Those that have begun; who gives the rows adds to it. */
  readonly phases: readonly PhaseMark[]
  /** Asks every rule at every event and takes no shortcut: what comes out is the same. */
  readonly isThorough?: boolean
  /** @param row An event of the object that broke the rule. */
  readonly onBroken: (rule: TraceRule, broken: Broken, row: number) => void
}

/** Takes the rules over every event of a trace, once and in order; what it keeps does not grow with the trace. */
export class TraceJudge {
  readonly lives: Lives
  /** The last at which rules were asked. */
  row = 0
  readonly #case: TraceCase
  readonly #tasks: Tasks
  readonly #closes: Closes
  readonly #moment: Moment
  readonly #module: ModuleMoment
  readonly #suspicions: Suspicions
  readonly #fastPath: FastPath
  #lastMs = 0

  constructor(trial: TraceCase) {
    const { events, told, flavour, flags, rules } = trial
    this.#case = trial
    this.lives = new Lives(flavour, flags)
    this.#tasks = new Tasks(flavour, flags)
    this.#closes = new Closes(this.lives, this.#tasks, told.mayTellOfFiles)
    const [lives, tasks, closes] = [this.lives, this.#tasks, this.#closes]
    this.#moment = { event: events, life: lives, task: tasks, closes, flags, flavour }
    this.#module = { event: told, life: lives, closes }
    this.#suspicions = new Suspicions(rules, flavour)
    this.#fastPath = new FastPath({ lives, tasks, closes }, { ...trial, alarms: this.#suspicions.alarms })
  }

  /**
   * @param from Row of the slice, not of the trace.
   * @param to The row behind the last one.
   * @throws FctError FCT_ORACLE_LIMIT if the trace has more rows or pointers than can be told apart.
   */
  walk(slice: TraceSlice, from: number, to: number): void {
    const { events, isThorough } = this.#case
    if ((slice.first ?? 0) + to >= never)
      throw new FctError(
        'FCT_ORACLE_LIMIT',
        `the trace has more than ${String(never)} events, which is as many as can be judged`,
      )
    this.lives.reserve(slice.pointers.length)
    if (isThorough === true || this.lives.isInGap) this.#walkSlowly(slice, from, to)
    else this.#walkFast(slice, from, to)
    const { ms } = events.columns
    this.#lastMs = ms[ms.length - 1] ?? this.#lastMs
  }

  /** A phase begins. */
  enterPhase({ phase, ms, row }: PhaseMark): void {
    this.row = row
    this.#takeStock((rule) => rule.atPhase?.(phase, this.#standing(ms)))
  }

  /** Events begin to be missing, or cease to be. */
  pass({ isBegin }: GapEdge): void {
    for (const memory of [this.lives, this.#tasks, this.#closes]) {
      if (isBegin) memory.beginGap()
      else memory.endGap()
    }
  }

  end(): void {
    const ms = Math.max(this.#lastMs, this.#case.phases.at(-1)?.ms ?? 0)
    this.#takeStock((rule) => rule.atEnd?.(this.#standing(ms)))
  }

  #walkSlowly({ rows: { type }, first = 0 }: TraceSlice, from: number, to: number): void {
    const { events, told } = this.#case
    for (let row = from; row < to; row++) {
      if (type[row] === events.type) this.#see(first + row)
      else if (told.has(type[row] ?? 0)) this.#hear(first + row)
    }
  }

  #walkFast(slice: TraceSlice, from: number, to: number): void {
    const { type } = slice.rows
    const first = slice.first ?? 0
    this.#fastPath.enter(slice)
    let row = this.#fastPath.run(from, to)
    while (row < to) {
      const isFile = type[row] === this.#case.events.type
      if (isFile) this.#suspect(first + row)
      else this.#hear(first + row++)
      row = this.#fastPath.run(row, to, isFile)
    }
  }

  /** An event of nfsd's, whatever it is. */
  #see(row: number): void {
    const { event, life, task, closes } = this.#moment
    this.#suspect(row)
    if (event.nf !== 0)
      life.apply(event, event.operation === codes.nfsd_file_lru_add && task.ownsLruAdd(life))
    task.apply(event, life)
    closes.apply(event)
  }

  /** Asks the rules about it. */
  #suspect(row: number): void {
    const { event, life, task } = this.#moment
    this.row = row
    event.moveTo(row)
    task.select(event.pid)
    life.select(event.nf, row)
    if (event.nf !== 0) this.#ask()
  }

  #ask(): void {
    const { event, life, task } = this.#moment
    const { operation, ref, row } = event
    const isThorough = this.#case.isThorough === true
    const known = life.factsBefore(event, task) | task.facts | factOfSign(ref, facts['count is 0'])
    for (const suspicion of this.#suspicions.of(operation)) {
      if (!isThorough && (suspicion.facts & known) === 0) continue
      const { rule } = suspicion
      const broken = rule.check?.(this.#moment)
      if (broken) this.#case.onBroken(rule, broken, broken.row ?? row)
    }
  }

  /** An event of the module's own. */
  #hear(row: number): void {
    const { event, life, closes } = this.#module
    this.row = row
    event.moveTo(row)
    const { event: kind, nf, pid } = event
    if (kind === undefined) return
    life.select(nf, row)
    for (const rule of this.#case.rules) {
      const broken = rule.onModule?.includes(kind) ? rule.checkModule?.(this.#module) : undefined
      if (broken) this.#case.onBroken(rule, broken, broken.row ?? row)
    }
    closes.hear(event)
    this.#tasks.select(pid)
    this.#tasks.note(row)
  }

  #takeStock(ask: (rule: TraceRule) => Iterable<Broken> | undefined): void {
    for (const rule of this.#case.rules) {
      for (const broken of ask(rule) ?? []) this.#case.onBroken(rule, broken, broken.row ?? 0)
    }
  }

  #standing(ms: number): Standing {
    const { phases, flavour } = this.#case
    return { lives: this.lives, phases, flavour, ms }
  }
}
