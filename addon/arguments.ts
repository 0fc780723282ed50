/** Checks of arguments, before native code sees them. */
import type { FieldChoice } from './trace.js'

/** A path that can be given to the kernel. */
export function checkPath(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  if (value === '' || value.includes('\0')) throw new RangeError(`${name} must be a path`)
  return value
}

export function checkString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  return value
}

/** Names of fields by event; none is fine. */
export function checkFieldChoice(value: unknown): FieldChoice | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) throw new TypeError('columns must be an object')
  for (const [event, fields] of Object.entries(value)) {
    if (!Array.isArray(fields)) throw new TypeError(`columns of ${event} must be an array`)
    for (const field of fields) checkString(field, `a column of ${event}`)
  }
  return value as FieldChoice
}

/** A whole number, both bounds included. */
export function checkInteger(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
}

/** A number above 0, `most` included. */
export function checkNumber(value: unknown, name: string, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (value > 0 && value <= most) return value
  throw new RangeError(`${name} must be a number above 0 and at most ${most}, not ${value}`)
}

/** The number of an open file. */
export function checkFd(value: unknown): number {
  return checkInteger(value, 'fd', 0, 2 ** 31 - 1)
}

/** An unsigned 64-bit number. */
export function checkU64(value: unknown, name: string): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`${name} must be a bigint`)
  if (value !== BigInt.asUintN(64, value))
    throw new RangeError(`${name} must be within 64 bits, and not negative`)
  return value
}
