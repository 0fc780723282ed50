import { LifeWalk, type WalkRecords, type WalkRows, type WalkTables } from '../../addon/index.js'
import { asI32, asU16, asU32, asU8 } from '../decode/event-columns.js'
import type { FileEvents } from '../decode/file-events.js'
import type { TraceSlice } from '../decode/load-trace.js'
import type { ModuleColumns, ModuleEvents } from '../decode/module-events.js'
import { manyLeftOpen, type Closes } from './closes.js'
import { effectBits, effectsOf } from './effects.js'
import { facts } from './facts.js'
import type { FlagMasks, Flavour } from './flavours/flavour.js'
import type { Lives } from './lives.js'
import { codeCount, codes } from './operations.js'
import { callRecordWords, callWords, lifeWords, mostQueued, operationBits, taskWords } from './records.js'
import { heldWords, manyTurns, mostHeld, nearPids, unseenHolds, type Tasks } from './tasks.js'

/** What the fast path keeps up to date. */
export interface Memory {
  readonly lives: Lives
  readonly tasks: Tasks
  readonly closes: Closes
}

/** What it goes by. */
export interface FastCase {
  readonly events: FileEvents
  readonly told: ModuleEvents
  readonly flavour: Flavour
  readonly flags: FlagMasks
  /** By code, see `Suspicions`. */
  readonly alarms: Int32Array
}

/**
 * Takes events into account as `Lives.apply`, `Tasks.apply` and `Closes` do, up to one of which a rule has to be asked. The loop is
 * in the addon (addon/src/life_walk.cc), over the same records.
 */
export class FastPath {
  readonly #memory: Memory
  readonly #case: FastCase
  readonly #walk: LifeWalk
  #slice: TraceSlice | undefined
  #rows: WalkRows | undefined
  #records: WalkRecords | undefined

  constructor(memory: Memory, trial: FastCase) {
    this.#memory = memory
    this.#case = trial
    this.#walk = new LifeWalk(tablesOf(memory, trial), layout)
  }

  /** From now on it is over these rows, which the case's views are over. */
  enter(slice: TraceSlice): void {
    if (slice === this.#slice) return
    this.#slice = slice
    this.#rows = rowsOf(slice, this.#case)
    this.#bind(this.#rows)
  }

  /**
   * @param from Row of the slice. @param to The row behind the last one.
   * @param isCleared The rules have been asked about the first row, and its task and object have been selected.
   * @returns the first row that others have to take care of, or `to`
   */
  run(from: number, to: number, isCleared = false): number {
    const { lives, tasks, closes } = this.#memory
    const bound = this.#records
    const isBound =
      bound?.lives === lives.records && bound.tasks === tasks.records && bound.calls === closes.records
    if (!isBound && this.#rows) this.#bind(this.#rows)
    return this.#walk.run(from, to, isCleared)
  }

  #bind(rows: WalkRows): void {
    const { lives, tasks, closes } = this.#memory
    this.#records = {
      lives: lives.records,
      tasks: tasks.records,
      held: tasks.held,
      calls: closes.records,
      near: tasks.near,
      totals: lives.totals,
    }
    this.#walk.enter(rows, this.#records)
  }
}

function tablesOf({ lives, tasks }: Memory, { events, told, flavour, flags, alarms }: FastCase): WalkTables {
  const { calls, fputs, reuses, dirties, closeCall } = told.types
  return {
    effects: effectsOf(flavour),
    alarms,
    codes: events.codes,
    gc: flags.gc,
    hashed: flags.hashed,
    pending: flags.pending,
    allFlags: flags.all,
    atAlloc: lives.atAlloc,
    addersHold: tasks.addersHold,
    mindsFiles: told.mayTellOfFiles,
    fileType: events.type,
    callType: closeCall < 0 ? -1 : calls,
    fputType: fputs,
    reuseType: reuses,
    dirtyType: dirties,
    closeCall: Math.max(closeCall, 0),
  }
}

function rowsOf({ rows, first = 0 }: TraceSlice, { events: { columns }, told }: FastCase): WalkRows {
  const { calls, fputs } = told.types
  const [call, fput] = [told.columnsOf(calls), told.columnsOf(fputs)]
  const callCount = countOf(call)
  return {
    first,
    type: rows.type,
    index: rows.index,
    pid: rows.pid,
    op: asU16(columns.op),
    nf: asU32(columns.nf),
    inode: asU32(columns.inode),
    file: asU32(columns.file),
    flags: asU32(columns.flags),
    ref: asI32(columns.ref),
    ms: asU32(columns.ms),
    stressor: asU8(call.stressor, callCount),
    end: asU8(call.end, callCount),
    kthread: asU8(call.kthread, callCount),
    callInode: asU32(call.inode, callCount),
    closedFile: asU32(fput.file, countOf(fput)),
  }
}

/** Events in these columns, whichever of them there are. */
function countOf(columns: ModuleColumns): number {
  return Object.values(columns)[0]?.length ?? 0
}

/** The operations that the walk tells apart from others. */
const walkedOver = [
  'nfsd_file_alloc',
  'nfsd_file_open',
  'nfsd_file_opened',
  'nfsd_file_acquire',
  'nfsd_file_cons_err',
  'nfsd_file_put',
  'nfsd_file_free',
  'nfsd_file_unhash',
  'nfsd_file_closing',
  'nfsd_file_lru_add',
] as const

/** In the order of kLifeLayout (addon/src/life_records.h). */
const layout = Int32Array.of(
  ...Object.values(lifeWords),
  ...Object.values(taskWords),
  ...Object.values(callWords),
  ...[callRecordWords, mostQueued, mostHeld, heldWords],
  ...Object.values(facts),
  ...[effectBits.touched, effectBits.leavesLru, effectBits.handles, effectBits.mayList],
  ...walkedOver.map((name) => codes[name]),
  ...[codeCount, operationBits, nearPids, manyTurns, unseenHolds, manyLeftOpen],
)
