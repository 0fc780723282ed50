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

type FieldList = readonly (readonly [string, FieldKind])[]

/** Where a view stands. */
export class EventCursor {
  /** Index into the trace's types, as in `rows.type`. */
  readonly type: number
  /** As in `EventType`: value -> name, by field. */
  readonly symbols: EventType['symbols']
  /** Row in the columns of the type. */
  index = 0
  readonly #fields: FieldList
  readonly #columns: Column[]

  constructor(type: number, symbols: EventType['symbols'], fields: FieldList) {
    this.type = type
    this.symbols = symbols
    this.#fields = fields
    this.#columns = fields.map(([, kind]) => new arrays[arrayKind(kind)]())
  }

  /**
   * From now on the view is over this batch, or over this whole trace.
   *
   * @throws FieldMismatch if the trace was opened without one of the fields (`ReadTraceOptions.columns`).
   */
  enter({ columns }: Pick<Batch | Trace, 'columns'>): void {
    const ofType = columns[this.type]
    for (const [place, [field, kind]] of this.#fields.entries())
      this.#columns[place] = columnOf(ofType, field) ?? new arrays[arrayKind(kind)]()
    this.index = 0
  }

  /** @param index As `rows.index` has it. */
  moveTo(index: number): void {
    this.index = index
  }

  /**
   * With the fields as the class's own getters: V8 reads those fast, but not those of an object. One class for all views of the
   * same fields, for where views of several classes come by V8 reads slowly.
   */
  static over(type: number, symbols: EventType['symbols'], fields: FieldList): EventCursor {
    const key = JSON.stringify(fields)
    const View = EventCursor.#classes.get(key) ?? EventCursor.#withGetters(fields)
    EventCursor.#classes.set(key, View)
    return new View(type, symbols, fields)
  }

  static readonly #classes = new Map<string, typeof EventCursor>()

  static #withGetters(fields: FieldList): typeof EventCursor {
    const View = class extends EventCursor {}
    for (const [place, [field, kind]] of fields.entries())
      Object.defineProperty(View.prototype, field, {
        get: EventCursor.#getters[arrayKind(kind)](place),
        enumerable: true,
      })
    return View
  }

  /** A function of its own for each kind of array, so that each reads one kind only. */
  static readonly #getters: Readonly<
    Record<ArrayKind, (place: number) => (this: EventCursor) => number | bigint>
  > = {
    u8: (place) =>
      function () {
        return (this.#columns[place] as Uint8Array)[this.index] ?? 0
      },
    u16: (place) =>
      function () {
        return (this.#columns[place] as Uint16Array)[this.index] ?? 0
      },
    u32: (place) =>
      function () {
        return (this.#columns[place] as Uint32Array)[this.index] ?? 0
      },
    u64: (place) =>
      function () {
        return (this.#columns[place] as BigUint64Array)[this.index] ?? 0n
      },
    i8: (place) =>
      function () {
        return (this.#columns[place] as Int8Array)[this.index] ?? 0
      },
    i16: (place) =>
      function () {
        return (this.#columns[place] as Int16Array)[this.index] ?? 0
      },
    i32: (place) =>
      function () {
        return (this.#columns[place] as Int32Array)[this.index] ?? 0
      },
    i64: (place) =>
      function () {
        return (this.#columns[place] as BigInt64Array)[this.index] ?? 0n
      },
  }
}

/** None for an event that does not occur. */
function columnOf(fields: Batch['columns'][number], name: string): Column | undefined {
  const column = fields?.[name]
  if (fields !== undefined && column === undefined)
    throw new FieldMismatch(`the trace was opened without the field ${name}`)
  return column
}

const arrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
} as const

type ArrayKind = keyof typeof arrays

/** Pointers and texts are ids. */
function arrayKind(kind: FieldKind): ArrayKind {
  return kind === 'pointer' || kind === 'string' || kind === 'hex' ? 'u32' : kind
}

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
  return EventCursor.over(number, type.symbols, Object.entries(fields)) as EventView<Fields>
}

function checkField({ fields }: EventType, name: string, kind: FieldKind, event: string): void {
  const found = fields.find((field) => field.name === name)
  if (found === undefined) throw new FieldMismatch(`the event ${event} has no field ${name}`)
  if (found.kind !== kind)
    throw new FieldMismatch(`the field ${name} of ${event} is ${found.kind}, not ${kind}`)
}
