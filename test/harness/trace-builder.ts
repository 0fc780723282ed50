import type { Trace } from '../../addon/index.js'
import type { Phase } from '../../harness/decode/phase-marks.js'
import { codeCount, codes, type Tracepoint } from '../../harness/oracle/operations.js'
import { kernelFeatures, type KernelFeatures } from './kernel-features.js'

export const HASHED = 1
export const PENDING = 2
export const REFERENCED = 4
export const GC = 8

/** An operation of the module's of which the oracle knows nothing. */
const unjudged = 'nfsd_file_get'
const numbers = { ...codes, [unjudged]: codeCount }

/** An fct_file event as a test writes it; what is left out is as in a quiet moment. */
export interface FileRow {
  op: Tracepoint | typeof unjudged
  nf?: number
  inode?: number
  file?: number
  flags?: number
  ref?: number
  status?: number
  cpu?: number
  pid?: number
}

/** An event of the module's own (kmod/fct_trace.h); what is left out is 0. */
export interface ModuleRow {
  nf?: number
  inode?: number
  file?: number
  stressor?: number
  end?: number
  kthread?: number
  writers?: number
  cpu?: number
  pid?: number
}

const moduleEvents = ['fct_call', 'fct_fput', 'fct_reuse', 'fct_dirty'] as const
type ModuleEvent = (typeof moduleEvents)[number]

type Row =
  | (FileRow & { ms: number })
  | { phase: Phase; ms: number }
  | { other: true; ms: number }
  | (ModuleRow & { told: ModuleEvent; ms: number })

const phaseValues: Record<Phase, number> = { load: 1, quiet: 2, shutdown: 3, end: 4 }

/**
 * Makes the Trace that the addon would decode from these events: columns per type, pointers interned, one
 * stamp a row. `nf` and `inode` are any numbers; they become kernel addresses.
 */
export class TraceBuilder {
  clock = 'counter'
  events: readonly string[]
  readonly rows: Row[] = []
  readonly gaps: Trace['gaps'] = []
  #ms = 1000

  /** @param features Of the kernel that is traced. */
  constructor(readonly features: KernelFeatures = kernelFeatures['lru-holds-ref']) {
    this.events = features.events
  }

  /** Guest time of what follows. */
  at(ms: number): this {
    this.#ms = ms
    return this
  }

  file(op: FileRow['op'], row: Omit<FileRow, 'op'> = {}): this {
    this.rows.push({ op, ...row, ms: this.#ms })
    return this
  }

  phase(phase: Phase, ms = this.#ms): this {
    this.#ms = ms
    this.rows.push({ phase, ms })
    return this
  }

  /** A GC object made, used once, and left on the LRU. */
  gcLife(nf = 1, pid = 100): this {
    this.file('nfsd_file_alloc', { nf, pid, flags: HASHED | PENDING | GC })
    this.file('nfsd_file_open', { nf, pid, flags: HASHED | PENDING | GC })
    return this.use(nf, pid).file('nfsd_file_lru_add', { nf, pid, flags: HASHED | REFERENCED | GC })
  }

  /** One READ. */
  use(nf = 1, pid = 100): this {
    return this.file('nfsd_file_acquire', { nf, pid }).file('nfsd_file_put', { nf, pid })
  }

  /** The laundrette's second pass, and the work queue after it. */
  dispose(nf = 1, pid = 50): this {
    this.file('nfsd_file_unhash', { nf, pid, ref: 0, flags: GC })
    this.file('nfsd_file_gc_disposed', { nf, pid, ref: 0, flags: GC })
    return this.file('nfsd_file_free', { nf, pid: pid + 1, ref: 0, flags: GC })
  }

  told(told: ModuleEvent, row: ModuleRow = {}): this {
    this.rows.push({ told, ...row, ms: this.#ms })
    return this
  }

  /** The module's call of nfsd_file_close_inode_sync(), and what happens in it. */
  closeSync(pid: number, happen: (builder: this) => void, inode = 1): this {
    this.told('fct_call', { pid, inode, kthread: 1 })
    happen(this)
    return this.told('fct_call', { pid, inode, kthread: 1, end: 1 })
  }

  /** An event of another type between ours. */
  other(): this {
    this.rows.push({ other: true, ms: this.#ms })
    return this
  }

  /** Events of the CPU are missing here. */
  gap(cpu = 1, missed: number | null = null): this {
    const stamp = BigInt(this.rows.length * 2)
    this.gaps.push({ cpu, after: stamp, before: stamp + 1n, missed })
    return this
  }

  /** While these events happened on the other CPU, events of this one went missing. */
  gapDuring(cpu: number, happen: (builder: this) => void): this {
    const after = BigInt(this.rows.length * 2)
    happen(this)
    this.gaps.push({ cpu, after, before: BigInt(this.rows.length * 2 + 1), missed: null })
    return this
  }

  /** The events of the first rows are not there, and nothing tells: the trace begins late. */
  beginLate(rows: number): this {
    this.#take((_, index) => index < rows)
    return this
  }

  /** The events of a CPU between two rows are missing, and a gap tells of it. */
  lose(cpu: number, from: number, to: number): this {
    const end = Math.min(to, this.rows.length)
    const missed = this.#take((row, index) => (row.cpu ?? 0) === cpu && index >= from && index < end)
    const before = BigInt((end - missed) * 2 + 1)
    if (missed > 0) this.gaps.push({ cpu, after: BigInt(from * 2), before, missed })
    return this
  }

  #take(isTaken: (row: FileRow | ModuleRow, index: number) => boolean): number {
    const kept = this.rows.filter((row, index) => {
      return !(('op' in row || 'told' in row) && isTaken(row, index))
    })
    const taken = this.rows.length - kept.length
    this.rows.splice(0, this.rows.length, ...kept)
    return taken
  }

  build(): Trace {
    const files = this.rows.filter((row) => 'op' in row)
    const phases = this.rows.filter((row) => 'phase' in row)
    const pointers = new Pointers()
    const column = (value: (row: FileRow & { ms: number }) => number): Uint32Array =>
      Uint32Array.from(files, value)
    return {
      version: 6,
      longSize: 8,
      cpus: 2,
      buffer: '',
      clock: this.clock,
      comms: {},
      types: typesOf(this.features, this.events),
      rows: this.#index(),
      columns: [
        {},
        {
          nf: column(({ nf = 1 }) => pointers.intern('nf', nf)),
          inode: column(({ inode = 1 }) => pointers.intern('inode', inode)),
          file: column(({ file = 1 }) => pointers.intern('file', file)),
          flags: column(({ flags = HASHED | GC }) => flags),
          ref: Int32Array.from(files, ({ ref = 1 }) => ref),
          status: column(({ status = 0 }) => status),
          ms: column(({ ms }) => ms),
          op: Uint16Array.from(files, ({ op }) => numbers[op] + opBase),
          may: Uint8Array.from(files, () => 4),
        },
        {
          phase: Uint32Array.from(phases, ({ phase }) => phaseValues[phase]),
          ms: Uint32Array.from(phases, ({ ms }) => ms),
        },
        ...this.events.map(() => ({})),
        ...moduleEvents.map((name) => this.#toldColumns(name, pointers)),
      ],
      pointers: BigUint64Array.from(pointers.values),
      strings: [''],
      perCpu: [],
      ringStats: [],
      gaps: this.gaps,
    }
  }

  #toldColumns(name: ModuleEvent, pointers: Pointers): Record<string, Uint32Array> {
    const rows = this.rows.filter((row) => 'told' in row && row.told === name) as ModuleRow[]
    const column = (value: (row: ModuleRow) => number | undefined): Uint32Array =>
      Uint32Array.from(rows, (row) => value(row) ?? 0)
    const pointer = (kind: 'nf' | 'inode' | 'file'): Uint32Array =>
      column((row) => pointers.intern(kind, row[kind] ?? 0))
    return {
      nf: pointer('nf'),
      inode: pointer('inode'),
      file: pointer('file'),
      stressor: column(({ stressor }) => stressor),
      end: column(({ end }) => end),
      kthread: column(({ kthread }) => kthread),
      writers: column(({ writers }) => writers),
    }
  }

  #index(): Trace['rows'] {
    const first = 3 + this.events.length
    const seen = Array.from({ length: first + moduleEvents.length }, () => 0)
    const typeOf = (row: Row): number => {
      if ('told' in row) return first + moduleEvents.indexOf(row.told)
      return 'op' in row ? 1 : 'phase' in row ? 2 : 0
    }
    const types = this.rows.map(typeOf)
    return {
      count: types.length,
      ts: BigUint64Array.from(types, (_, row) => BigInt(row * 2 + 1)),
      cpu: Uint16Array.from(this.rows, (row) => ('cpu' in row ? (row.cpu ?? 0) : 0)),
      type: Uint16Array.from(types),
      index: Uint32Array.from(types, (type) => seen[type]!++),
      pid: Int32Array.from(this.rows, (row) => ('op' in row || 'told' in row ? (row.pid ?? 100) : 1)),
    }
  }
}

/** The module's numbers are its own: the reader has to go by the names. */
const opBase = 20

function typesOf({ flags, formerNames }: KernelFeatures, events: readonly string[]): Trace['types'] {
  const opNames = Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => [
      number + opBase,
      formerNames?.[name as Tracepoint] ?? name,
    ]),
  )
  const flagNames = Object.fromEntries(Object.entries(flags).map(([name, mask]) => [mask, name]))
  const phaseNames = Object.fromEntries(Object.entries(phaseValues).map(([name, value]) => [value, name]))
  const type = (system: string, name: string, id: number, symbols: object): Trace['types'][number] =>
    ({ id, system, name, fields: [], symbols, flagFields: [] }) as Trace['types'][number]
  return [
    type('ftrace', 'print', 5, {}),
    type('fctorture', 'fct_file', 900, { op: opNames }),
    type('fctorture', 'fct_phase', 901, { phase: phaseNames }),
    ...events.map((name, index) =>
      type('nfsd', name, 1000 + index, name.endsWith('_put') ? { nf_flags: flagNames } : {}),
    ),
    ...moduleEvents.map((name, index) =>
      type(
        'fctorture',
        name,
        910 + index,
        name === 'fct_call' ? { stressor: { 0: 'close', 6: 'lease' } } : {},
      ),
    ),
  ]
}

/** Interns like the decoder: id 0 is NULL. */
class Pointers {
  readonly values: bigint[] = [0n]
  readonly #ids = new Map<string, number>()

  intern(kind: string, number: number): number {
    if (number === 0) return 0
    const known = this.#ids.get(kind + String(number))
    if (known !== undefined) return known
    const base =
      kind === 'nf'
        ? 0xffff_8880_0410_0000n
        : kind === 'inode'
          ? 0xffff_8880_0520_0000n
          : 0xffff_8880_0630_0000n
    this.#ids.set(kind + String(number), this.values.length)
    return this.values.push(base + BigInt(number) * 0x100n) - 1
  }
}
