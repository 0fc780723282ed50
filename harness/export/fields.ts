import type { Column, EventType, FieldPlan } from '../../addon/index.js'
import type { Trace } from '../decode/load-trace.js'
import { oneLine } from './one-line.js'
import { remembered } from './remembered.js'

export type Value = number | bigint | string

/** One field of one event type, and how its values are had. */
export interface FieldReader {
  readonly plan: FieldPlan
  /** The value itself: integers as they are, pointers as bigints, strings, other arrays as two digits a byte. */
  readonly value: (index: number) => Value
  /**
   * As `trace-cmd report -R` prints what its print format does not name: decimal, addresses and `unsigned long` as 0x...; by its
   * name where the format has a table of names, several joined by | if they are flags.
   */
  readonly text: (index: number) => string
}

/** The fields of a type in the order of its format. */
export function fieldReaders(trace: Trace, type: number): FieldReader[] {
  const columns = trace.columns[type] ?? {}
  const eventType = trace.types[type]
  return (eventType?.fields ?? []).map((plan) => {
    const column = columns[plan.name] ?? new Uint8Array()
    const spell = nameFinder(eventType, plan)
    switch (plan.kind) {
      case 'pointer':
        return internedReader(plan, column, trace.pointers, spell)
      case 'string':
      case 'hex':
        return internedReader(plan, column, trace.strings, spell)
      default:
        return integerReader(plan, column, spell)
    }
  })
}

type Spell = (value: Value) => string | undefined

/** A value that occurs again is spelled once. */
function internedReader(
  plan: FieldPlan,
  ids: Column,
  values: ArrayLike<bigint | string>,
  spell: Spell,
): FieldReader {
  const toText = textMaker(plan)
  const texts: string[] = []
  const value = (index: number): Value => values[Number(ids[index])] ?? ''
  const make = (index: number): string => spell(value(index)) ?? toText(value(index))
  return { plan, value, text: (index) => (texts[Number(ids[index])] ??= make(index)) }
}

function integerReader(plan: FieldPlan, column: Column, spell: Spell): FieldReader {
  const toText = textMaker(plan)
  const value = (index: number): Value => column[index] ?? 0
  const text = (index: number): string => {
    const at = value(index)
    return spell(at) ?? toText(at)
  }
  return { plan, value, text }
}

function textMaker({ kind, type, size, signed }: FieldPlan): (value: Value) => string {
  if (kind === 'string') return String
  if (kind === 'hex') return (value) => `ARRAY[${(String(value).match(/../g) ?? []).join(', ')}]`
  const isAddress = kind === 'pointer' || (type.includes('long') && (!signed || size === 4))
  return isAddress ? (value) => toHex(value, size) : String
}

function toHex(value: Value, size: number): string {
  return `0x${BigInt.asUintN(size * 8, BigInt(value)).toString(16)}`
}

function nameFinder(type: EventType | undefined, { name }: FieldPlan): Spell {
  const table = type?.symbols[name]
  if (table === undefined) return () => undefined
  const names = new Map(Object.entries(table).map(([value, text]) => [value, oneLine(text)]))
  const flags = type?.flagFields.includes(name) === true ? flagsOf(names) : []
  return remembered((value: Value) => names.get(String(value)) ?? joinFlags(value, flags))
}

interface Flag {
  readonly bits: bigint
  readonly name: string
}

/** Largest first, so that a name of several bits comes before those of its parts. */
function flagsOf(names: ReadonlyMap<string, string>): Flag[] {
  const flags = [...names].map(([value, name]) => ({ bits: BigInt(value), name }))
  return flags.filter(({ bits }) => bits > 0n).sort((a, b) => (a.bits < b.bits ? 1 : -1))
}

/** Nothing if a bit has no name. */
function joinFlags(value: Value, flags: readonly Flag[]): string | undefined {
  if (flags.length === 0) return undefined
  const found: string[] = []
  let rest = BigInt(value)
  for (const { bits, name } of flags) {
    if ((rest & bits) !== bits) continue
    found.unshift(name)
    rest &= ~bits
  }
  return rest === 0n && found.length > 0 ? found.join('|') : undefined
}
