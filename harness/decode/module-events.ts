import { findEventColumns } from './event-columns.js'
import type { TraceSlice } from './load-trace.js'

/** The module's own events that are no tracepoint of nfsd's (kmod/fct_trace.h). */
export type ModuleEvent =
  | 'close begins' // fct_call: the module calls nfsd_file_close_inode_sync()
  | 'close ends'
  | 'file closes' // fct_fput: __fput() of a struct file of a target
  | 'memory comes back' // fct_reuse: an nfsd_file gets memory that was freed in this very grace period
  | 'dirty is disposed' // fct_dirty: an entry was taken off the LRU with pages that its close has to write

/**
 * A view that moves over these events; what a getter returns is the event of the last `moveTo`. Pointers are
 * ids into `trace.pointers`. A getter of what the event does not have returns 0.
 */
export class ModuleEvents {
  row = 0
  #index = 0
  #first = 0
  #type = 0
  #rows: TraceSlice['rows']
  /** By type: columns of the types that are read here. */
  #columns: (ModuleColumns | undefined)[] = []
  #seesFiles = false
  readonly #calls: number
  readonly #fputs: number
  readonly #reuses: number
  readonly #dirties: number
  readonly #closeCall: number

  /** Over these rows, until it enters others. */
  constructor(trace: TraceSlice) {
    const typeOf = (name: string): number => findEventColumns(trace, `fctorture:${name}`)?.type ?? -1
    this.#rows = trace.rows
    this.#calls = typeOf('fct_call')
    this.#fputs = typeOf('fct_fput')
    this.#reuses = typeOf('fct_reuse')
    this.#dirties = typeOf('fct_dirty')
    const stressors = Object.entries(trace.types[this.#calls]?.symbols['stressor'] ?? {})
    this.#closeCall = Number(stressors.find(([, name]) => name === 'close')?.[0] ?? -1)
    this.enter(trace)
  }

  /** From now on the view is over these rows of the same trace. */
  enter({ rows, columns, first = 0 }: TraceSlice): void {
    this.#rows = rows
    this.#first = first
    this.#columns = []
    for (const type of [this.#calls, this.#fputs, this.#reuses, this.#dirties])
      if (type >= 0) this.#columns[type] = columns[type] ?? {}
    if ((this.#columns[this.#fputs]?.file?.length ?? 0) > 0) this.#seesFiles = true
  }

  /** Indexes of the types that are read here, -1: the trace has none; and which of the calls begin and end closes. */
  get types(): Readonly<Record<'calls' | 'fputs' | 'reuses' | 'dirties' | 'closeCall', number>> {
    return {
      calls: this.#calls,
      fputs: this.#fputs,
      reuses: this.#reuses,
      dirties: this.#dirties,
      closeCall: this.#closeCall,
    }
  }

  /** Of the rows that the view is over, as they are: for those who read them without a view. */
  columnsOf(type: number): ModuleColumns {
    return this.#columns[type] ?? {}
  }

  /** Whether `moveTo` takes rows of this type. */
  has(type: number): boolean {
    return type === this.#calls || type === this.#fputs || type === this.#reuses || type === this.#dirties
  }

  /** The trace describes an event of struct files that are closed; `told` has it once there is one. */
  get mayTellOfFiles(): boolean {
    return this.#fputs >= 0
  }

  /** What the module that wrote the trace tells; of struct files only if it really did. */
  get told(): ReadonlySet<ModuleEvent> {
    const told = new Set<ModuleEvent>()
    if (this.#calls >= 0) told.add('close begins').add('close ends')
    if (this.#seesFiles) told.add('file closes')
    if (this.#reuses >= 0) told.add('memory comes back')
    if (this.#dirties >= 0) told.add('dirty is disposed')
    return told
  }

  /** @param row One that the view is over, of a type that it has. */
  moveTo(row: number): void {
    this.row = row
    this.#type = this.#rows.type[row - this.#first] ?? 0
    this.#index = this.#rows.index[row - this.#first] ?? 0
  }

  /** undefined: a call that is no nfsd_file_close_inode_sync(). */
  get event(): ModuleEvent | undefined {
    if (this.#type === this.#fputs) return 'file closes'
    if (this.#type === this.#reuses) return 'memory comes back'
    if (this.#type === this.#dirties) return 'dirty is disposed'
    if (this.#read('stressor') !== this.#closeCall) return undefined
    return this.#read('end') === 0 ? 'close begins' : 'close ends'
  }
  get inode(): number {
    return this.#read('inode')
  }
  get file(): number {
    return this.#read('file')
  }
  get nf(): number {
    return this.#read('nf')
  }
  /** How many have the inode open for writing, the entry's own struct file included. */
  get writers(): number {
    return this.#read('writers')
  }
  /** The caller is a kernel thread: its last fput() is left to a work queue. */
  get isKernelThread(): boolean {
    return this.#read('kthread') === 1
  }
  get pid(): number {
    return this.#rows.pid[this.row - this.#first] ?? 0
  }

  #read(field: Field): number {
    return this.#columns[this.#type]?.[field]?.[this.#index] ?? 0
  }
}

type Field = 'stressor' | 'end' | 'kthread' | 'inode' | 'file' | 'nf' | 'writers'
/** Of each type some; traces of older modules lack others. */
export type ModuleColumns = Readonly<Partial<Record<Field, ArrayLike<number>>>>
