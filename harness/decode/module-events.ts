import { findEventColumns, type EventColumns } from './event-columns.js'
import type { Trace } from './load-trace.js'

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
  #type = 0
  readonly #trace: Trace
  /** By index into `trace.types`: columns of the types that are read here. */
  readonly #columns: (Columns | undefined)[] = []
  readonly #calls: number
  readonly #fputs: number
  readonly #reuses: number
  readonly #dirties: number
  readonly #closeCall: number

  constructor(trace: Trace) {
    this.#trace = trace
    const calls = this.#open('fct_call')
    this.#calls = calls?.type ?? -1
    this.#fputs = this.#open('fct_fput')?.type ?? -1
    this.#reuses = this.#open('fct_reuse')?.type ?? -1
    this.#dirties = this.#open('fct_dirty')?.type ?? -1
    const stressors = Object.entries(calls?.symbols['stressor'] ?? {})
    this.#closeCall = Number(stressors.find(([, name]) => name === 'close')?.[0] ?? -1)
  }

  /** By index into `trace.types`: 1 if `moveTo` takes rows of this type. */
  get types(): Uint8Array {
    return Uint8Array.from(this.#trace.types, (_, type) => (this.#columns[type] ? 1 : 0))
  }

  /** What the module that wrote the trace tells; of struct files only if it really did. */
  get told(): ReadonlySet<ModuleEvent> {
    const told = new Set<ModuleEvent>()
    if (this.#calls >= 0) told.add('close begins').add('close ends')
    if ((this.#columns[this.#fputs]?.file?.length ?? 0) > 0) told.add('file closes')
    if (this.#reuses >= 0) told.add('memory comes back')
    if (this.#dirties >= 0) told.add('dirty is disposed')
    return told
  }

  /** @param row A row of `trace.rows` of one of `types`. */
  moveTo(row: number): void {
    this.row = row
    this.#type = this.#trace.rows.type[row] ?? 0
    this.#index = this.#trace.rows.index[row] ?? 0
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
    return this.#trace.rows.pid[this.row] ?? 0
  }

  #read(field: Field): number {
    return this.#columns[this.#type]?.[field]?.[this.#index] ?? 0
  }

  #open(name: string): EventColumns | undefined {
    const events = findEventColumns(this.#trace, `fctorture:${name}`)
    if (events) this.#columns[events.type] = this.#trace.columns[events.type] ?? {}
    return events
  }
}

type Field = 'stressor' | 'end' | 'kthread' | 'inode' | 'file' | 'nf' | 'writers'
/** Of each type some; traces of older modules lack others. */
type Columns = Readonly<Partial<Record<Field, ArrayLike<number>>>>
