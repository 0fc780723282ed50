import { FileEvents } from '../../harness/decode/file-events.js'
import type { TraceSlice } from '../../harness/decode/load-trace.js'
import { ModuleEvents } from '../../harness/decode/module-events.js'
import { Closes } from '../../harness/oracle/closes.js'
import { flagMasks, type Flavour, type FlavourFeatures } from '../../harness/oracle/flavours/flavour.js'
import { Lives } from '../../harness/oracle/lives.js'
import { codeOf, codes, nameOf } from '../../harness/oracle/operations.js'
import type { Moment, TraceRule } from '../../harness/oracle/rule.js'
import { Tasks } from '../../harness/oracle/tasks.js'

/** What is read of an event. */
type Field = 'row' | 'operation' | 'nf' | 'inode' | 'file' | 'flags' | 'ref' | 'ms' | 'cpu' | 'pid'

type Event = Record<Field, number>

/** The way that is at hand: an object for each event, and each rule that has to do with its tracepoint is asked. */
export class ObjectJudge {
  found = 0
  readonly #lives: Lives
  readonly #tasks: Tasks
  readonly #closes: Closes
  readonly #told: ModuleEvents
  readonly #rules: TraceRule[][]
  readonly #context: Pick<Moment, 'flags' | 'flavour'>

  constructor(slice: TraceSlice, flavour: Flavour, features: FlavourFeatures, rules: readonly TraceRule[]) {
    const flags = flagMasks(features)
    this.#lives = new Lives(flavour, flags)
    this.#tasks = new Tasks(flavour, flags)
    this.#told = new ModuleEvents(slice)
    this.#closes = new Closes(this.#lives, this.#tasks, this.#told.mayTellOfFiles)
    this.#context = { flags, flavour }
    this.#rules = Array.from({ length: Object.keys(codes).length + 1 }, (_, code) =>
      rules.filter((rule) => rule.on?.(flavour).some((name) => name === nameOf(code))),
    )
  }

  push(slice: TraceSlice): void {
    const { rows, first = 0, pointers } = slice
    const view = FileEvents.over(slice, codeOf)
    if (!view) return
    this.#told.enter(slice)
    this.#lives.reserve(pointers.length)
    for (let row = 0; row < rows.count; row++) {
      if (rows.type[row] === view.type) {
        view.moveTo(first + row)
        const { operation, nf, inode, file, flags, ref, ms, cpu, pid } = view
        this.#judge({ row: first + row, operation, nf, inode, file, flags, ref, ms, cpu, pid })
      } else if (this.#told.has(rows.type[row] ?? 0)) {
        this.#told.moveTo(first + row)
        this.#closes.hear(this.#told)
        this.#tasks.select(this.#told.pid)
        this.#tasks.note(first + row)
      }
    }
  }

  #judge(object: Event): void {
    const event = object as unknown as FileEvents
    const [life, task, closes] = [this.#lives, this.#tasks, this.#closes]
    task.select(object.pid)
    life.select(object.nf, object.row)
    if (object.nf !== 0) {
      for (const rule of this.#rules[object.operation] ?? [])
        if (rule.check?.({ event, life, task, closes, ...this.#context })) this.found++
      life.apply(event, object.operation === codes.nfsd_file_lru_add && task.ownsLruAdd(life))
    }
    task.apply(event, life)
    closes.apply(event)
  }
}
