import { native, type NativeLifeWalk } from './native.js'

/** What does not change during a trace; harness/oracle says what the bits mean. */
export interface WalkTables {
  /** What an operation does, by its code. */
  readonly effects: Int32Array
  /** The facts at which to stop, by code. */
  readonly alarms: Int32Array
  /** By what the trace has for the operation. */
  readonly codes: Uint8Array
  /** Flags of an nfsd_file. */
  readonly gc: number
  readonly hashed: number
  readonly pending: number
  /** All that the kernel names. */
  readonly allFlags: number
  /** What an nfsd_file_alloc says of its object. */
  readonly atAlloc: number
  /** Who adds to the LRU holds a reference until it has said so. */
  readonly addersHold: boolean
  /** It can be seen when a struct file is closed. */
  readonly mindsFiles: boolean
  /** Indexes of event types; -1 for one that is not there. At the last two there is always a stop. */
  readonly fileType: number
  readonly callType: number
  readonly fputType: number
  readonly reuseType: number
  readonly dirtyType: number
  /** Of the calls, those of nfsd_file_close_inode_sync(). */
  readonly closeCall: number
}

/** Rows of a trace that follow each other, and the columns of those types that are walked over. */
export interface WalkRows {
  /** Number of rows before these. */
  readonly first: number
  readonly type: Uint16Array
  readonly index: Uint32Array
  readonly pid: Int32Array
  readonly op: Uint16Array
  readonly nf: Uint32Array
  readonly inode: Uint32Array
  readonly file: Uint32Array
  readonly flags: Uint32Array
  readonly ref: Int32Array
  readonly ms: Uint32Array
  readonly stressor: Uint8Array
  readonly end: Uint8Array
  readonly kthread: Uint8Array
  readonly callInode: Uint32Array
  readonly closedFile: Uint32Array
}

/** Read and written by the walk; whoever owns them may do so as well between two calls of `run`. */
export interface WalkRecords {
  /** By id of a pointer. */
  readonly lives: Int32Array
  readonly tasks: Int32Array
  readonly held: Int32Array
  readonly calls: Int32Array
  /** By the lower bits of a pid: where its task's record is. */
  readonly near: Int32Array
  /** Lives begun and ended, counted up. */
  readonly totals: Int32Array
}

/** The addon was built for records of another form, or rows point beyond their columns. */
class WalkMismatch extends Error {
  constructor(
    readonly code: 'FCT_WALK_LAYOUT' | 'FCT_WALK_ROWS',
    message: string,
  ) {
    super(message)
  }
}

function tornRows(): WalkMismatch {
  return new WalkMismatch('FCT_WALK_ROWS', 'rows of the trace point beyond its columns or its pointers')
}

/** Keeps the oracle's records as the events of a trace go by, up to one that somebody else has to look at. */
export class LifeWalk {
  readonly #native: NativeLifeWalk
  #count = 0

  /**
   * @param layout The caller's idea of the records, in the order of kLifeLayout (src/life_records.h).
   * @throws WalkMismatch FCT_WALK_LAYOUT if it is not the addon's.
   */
  constructor(tables: WalkTables, layout: Int32Array) {
    const known = native().lifeLayout()
    if (known.length !== layout.length || known.some((word, at) => word !== layout[at]))
      throw new WalkMismatch(
        'FCT_WALK_LAYOUT',
        'the addon was built for another version of the oracle (npx fctorture setup builds both)',
      )
    this.#native = new (native().LifeWalk)(tables)
  }

  /**
   * From now on the walk is over these rows.
   *
   * @throws WalkMismatch FCT_WALK_ROWS if columns differ in length.
   */
  enter(rows: WalkRows, records: WalkRecords): void {
    const { type, index, pid, nf, op, inode, file, flags, ref, ms, callInode, stressor, end, kthread } = rows
    const isEven =
      [index, pid].every(({ length }) => length >= type.length) &&
      [op, inode, file, flags, ref, ms].every(({ length }) => length >= nf.length) &&
      [stressor, end, kthread].every(({ length }) => length >= callInode.length)
    if (!isEven) throw tornRows()
    this.#native.enter(rows, records)
    this.#count = type.length
  }

  /**
   * @param from Row of those entered. @param to The row behind the last one.
   * @param isCleared Somebody has looked at the first row: it is no reason to stop. Its task is among those near.
   * @returns the first row that somebody has to look at, or `to`
   * @throws WalkMismatch FCT_WALK_ROWS if a row points beyond its columns, or beyond the records.
   */
  run(from: number, to: number, isCleared: boolean): number {
    if (to > this.#count) throw new RangeError(`there are ${this.#count} rows, not ${to}`)
    const row = this.#native.run(from, to, isCleared)
    if (row > to) throw tornRows()
    return row
  }
}

/** How many operations a tally tells apart; those that are not below count as 0. */
export const tallied = 256

/**
 * Counts events by operation.
 *
 * @param objects Ids, as many.
 * @param counts Is added to: `tallied` numbers by operation, and as many of those events whose object is 0.
 */
export function tallyOperations(operations: Uint16Array, objects: Uint32Array, counts: Uint32Array): void {
  if (objects.length !== operations.length || counts.length !== 2 * tallied)
    throw new RangeError('a tally is of two columns of one length')
  native().tallyOperations(operations, objects, counts)
}
