import type { TraceSlice } from './load-trace.js'

export type NumberColumn = ArrayLike<number>

/** One event type of a trace, and the rows' way into its columns. */
export interface EventColumns {
  /** Index into the trace's types, as in `rows.type`. */
  readonly type: number
  /** Value -> name tables of the print format, by field. */
  readonly symbols: Readonly<Record<string, Readonly<Record<number, string>>>>
  /** Of these rows; without an element if none of them is of the type. */
  column(field: string): NumberColumn
}

/** Thrown when a format lacks a field: the module that wrote it speaks another ABI than this decoder. */
class FieldMissing extends Error {
  readonly code = 'FCT_DECODE_FIELD'
}

const noRows = new Uint32Array(0)

/**
 * @param event Name as in the format file, with its system: `fctorture:fct_file`.
 * @returns undefined if the trace has no such event type.
 */
export function findEventColumns(
  { types, columns }: Pick<TraceSlice, 'types' | 'columns'>,
  event: string,
): EventColumns | undefined {
  const type = types.findIndex(({ system, name }) => `${system}:${name}` === event)
  const found = types[type]
  if (!found) return undefined
  const fields = columns[type]
  return {
    type,
    symbols: found.symbols,
    column: (field) => (fields ? numbers(fields[field], `${event}.${field}`) : noRows),
  }
}

/**
 * 64-bit values stay out of the hot path: each one read would be a BigInt made, some 20 times slower than a number.
 */
function numbers(column: ArrayLike<number> | ArrayLike<bigint> | undefined, name: string): NumberColumn {
  if (column === undefined) throw new FieldMissing(`the trace has no field ${name}`)
  if (column instanceof BigUint64Array || column instanceof BigInt64Array) {
    throw new FieldMissing(`the field ${name} is 64 bits wide, at most 32 were expected`)
  }
  return column as NumberColumn
}

/**
 * The column itself, or a copy of it if it is of another width: what native code reads.
 *
 * @param length If the type has no such field, this is how many it is 0 of.
 */
export function asU32(column: NumberColumn | undefined, length = 0): Uint32Array {
  return column instanceof Uint32Array ? column : Uint32Array.from(column ?? { length })
}

export function asI32(column: NumberColumn): Int32Array {
  return column instanceof Int32Array ? column : Int32Array.from(column)
}

export function asU16(column: NumberColumn): Uint16Array {
  return column instanceof Uint16Array ? column : Uint16Array.from(column)
}

export function asU8(column: NumberColumn | undefined, length: number): Uint8Array {
  return column instanceof Uint8Array ? column : Uint8Array.from(column ?? { length })
}
