import type { Batch } from './trace-batches.js'
import type { Column, EventType, FieldKind, Trace } from './trace.js'

/** An event and those of its fields that somebody wants to read. */
export interface EventShape<Fields extends Readonly<Record<string, FieldKind>>> {
  /** As `system:name`. */
  readonly event: string
  readonly fields: Fields
}

/** What a getter of that kind gives: 64-bit integers are bigints, all else numbers (ids of pointers and strings). */
export type FieldValue<Kind extends FieldKind> = Kind extends 'u64' | 'i64' ? bigint : number

/** Reads one event after the other out of columns; no object is made for any. */
export type EventView<Fields extends Readonly<Record<string, FieldKind>>> = EventCursor & {
  readonly [Field in keyof Fields]: FieldValue<Fields[Field]>
}

/** A format lacks a field, or has it of another kind. */
class FieldMismatch extends Error {
  readonly code = 'FCT_DECODE_FIELD'
}

/** Where the rows of a field are, in what a view has entered. */
interface Slot<Array> {
  column: Array
}

/** Where a view stands. */
export class EventCursor {
  /** Index into the trace's types, as in `rows.type`. */
  readonly type: number
  /** As in `EventType`: value -> name, by field. */
  readonly symbols: EventType['symbols']
  /** Row in the columns of the type. */
  index = 0
  readonly #slots = new Map<string, Slot<Column>>()

  constructor(type: number, symbols: EventType['symbols']) {
    this.type = type
    this.symbols = symbols
  }

  /**
   * From now on the view is over this batch, or over this whole trace.
   *
   * @throws FieldMismatch if the trace was opened without one of the fields (`ReadTraceOptions.columns`).
   */
  enter({ columns }: Pick<Batch | Trace, 'columns'>): void {
    const fields = columns[this.type]
    for (const [field, slot] of this.#slots)
      slot.column = columnOf(fields, field) ?? slot.column.subarray(0, 0)
    this.index = 0
  }

  /** @param index As `rows.index` has it. */
  moveTo(index: number): void {
    this.index = index
  }

  /** Makes the field readable under its name. */
  #define(field: string, kind: FieldKind): void {
    const [empty, read] = readers[kind]
    const slot: Slot<Column> = { column: new empty() }
    this.#slots.set(field, slot)
    Object.defineProperty(Object.getPrototypeOf(this), field, {
      get: read(slot as never, this),
      enumerable: true,
    })
  }

  static over(
    type: number,
    symbols: EventType['symbols'],
    fields: Readonly<Record<string, FieldKind>>,
  ): EventCursor {
    // A class for each view, with its fields as its own getters: V8 reads those fast, but not those of an object.
    const View = class extends EventCursor {}
    const cursor = new View(type, symbols)
    for (const [field, kind] of Object.entries(fields)) cursor.#define(field, kind)
    return cursor
  }
}

/** None for an event that does not occur. */
function columnOf(fields: Batch['columns'][number], name: string): Column | undefined {
  const column = fields?.[name]
  if (fields !== undefined && column === undefined)
    throw new FieldMismatch(`the trace was opened without the field ${name}`)
  return column
}

type Position = Pick<EventCursor, 'index'>

/** A function of its own for each kind of array, so that each reads one kind only. */
const readers = {
  u8: [Uint8Array, (slot: Slot<Uint8Array>, at: Position) => () => slot.column[at.index] ?? 0],
  u16: [Uint16Array, (slot: Slot<Uint16Array>, at: Position) => () => slot.column[at.index] ?? 0],
  u32: [Uint32Array, (slot: Slot<Uint32Array>, at: Position) => () => slot.column[at.index] ?? 0],
  u64: [BigUint64Array, (slot: Slot<BigUint64Array>, at: Position) => () => slot.column[at.index] ?? 0n],
  i8: [Int8Array, (slot: Slot<Int8Array>, at: Position) => () => slot.column[at.index] ?? 0],
  i16: [Int16Array, (slot: Slot<Int16Array>, at: Position) => () => slot.column[at.index] ?? 0],
  i32: [Int32Array, (slot: Slot<Int32Array>, at: Position) => () => slot.column[at.index] ?? 0],
  i64: [BigInt64Array, (slot: Slot<BigInt64Array>, at: Position) => () => slot.column[at.index] ?? 0n],
  pointer: [Uint32Array, (slot: Slot<Uint32Array>, at: Position) => () => slot.column[at.index] ?? 0],
  string: [Uint32Array, (slot: Slot<Uint32Array>, at: Position) => () => slot.column[at.index] ?? 0],
  hex: [Uint32Array, (slot: Slot<Uint32Array>, at: Position) => () => slot.column[at.index] ?? 0],
} as const

/**
 * A view of one event type, made from its format.
 *
 * @returns undefined if the trace has no such event.
 * @throws FieldMismatch if the format has a field not at all or not as the shape says: who wrote it speaks
 *   another ABI.
 */
export function createEventView<const Fields extends Readonly<Record<string, FieldKind>>>(
  types: readonly EventType[],
  { event, fields }: EventShape<Fields>,
): EventView<Fields> | undefined {
  const number = types.findIndex(({ system, name }) => `${system}:${name}` === event)
  const type = types[number]
  if (type === undefined) return undefined
  for (const [field, kind] of Object.entries(fields)) checkField(type, field, kind, event)
  return EventCursor.over(number, type.symbols, fields) as EventView<Fields>
}

function checkField({ fields }: EventType, name: string, kind: FieldKind, event: string): void {
  const found = fields.find((field) => field.name === name)
  if (found === undefined) throw new FieldMismatch(`the event ${event} has no field ${name}`)
  if (found.kind !== kind)
    throw new FieldMismatch(`the field ${name} of ${event} is ${found.kind}, not ${kind}`)
}
