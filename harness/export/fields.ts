import type { Column, EventType, FieldPlan } from '../../addon/index.js'
import type { Trace } from '../decode/load-trace.js'

/** One field of one event type, and how its values are had. */
export interface FieldReader {
  readonly plan: FieldPlan
  /** The value itself: integers as they are, pointers as bigints, strings, other arrays as two digits a byte. */
  value(index: number): number | bigint | string
  /**
   * As `trace-cmd report -R` prints what its print format does not name: decimal, addresses and `unsigned long` as 0x...; by its
   * name where the format has a table of names, several joined by | if they are flags.
   */
  text(index: number): string
}

/** The fields of a type in the order of its format. */
export function fieldReaders(trace: Trace, type: number): FieldReader[] {
  const columns = trace.columns[type] ?? {}
  const eventType = trace.types[type]
  return (eventType?.fields ?? []).map((plan) => {
    const value = valueReader(trace, plan, columns[plan.name])
    const name = nameFinder(eventType, plan)
    const text = textMaker(plan)
    return { plan, value, text: (index) => name(value(index)) ?? text(value(index)) }
  })
}

function valueReader(
  { pointers, strings }: Trace,
  { kind }: FieldPlan,
  column: Column | undefined,
): FieldReader['value'] {
  if (kind === 'pointer') return (index) => pointers[Number(column?.[index])] ?? 0n
  if (kind === 'string' || kind === 'hex') return (index) => strings[Number(column?.[index])] ?? ''
  return (index) => column?.[index] ?? 0
}

type Value = ReturnType<FieldReader['value']>

function textMaker({ kind, type, size, signed }: FieldPlan): (value: Value) => string {
  if (kind === 'string') return (value) => String(value)
  if (kind === 'hex') return (value) => `ARRAY[${(String(value).match(/../g) ?? []).join(', ')}]`
  const isAddress = kind === 'pointer' || (type.includes('long') && (!signed || size === 4))
  return isAddress ? (value) => toHex(value, size) : (value) => String(value)
}

function toHex(value: Value, size: number): string {
  return `0x${BigInt.asUintN(size * 8, BigInt(value)).toString(16)}`
}

type NameFinder = (value: Value) => string | undefined

function nameFinder(type: EventType | undefined, { name }: FieldPlan): NameFinder {
  const table = type?.symbols[name]
  if (table === undefined) return () => undefined
  const names = new Map(Object.entries(table))
  if (!type?.flagFields.includes(name)) return (value) => names.get(String(value))
  const flags = [...names].map(([value, flag]) => ({ bits: BigInt(value), flag }))
  const known = new Map<Value, string | undefined>()
  return (value) => {
    if (!known.has(value)) known.set(value, names.get(String(value)) ?? joinFlags(BigInt(value), flags))
    return known.get(value)
  }
}

/** Largest first, so that a name of several bits comes before those of its parts; nothing if a bit has no name. */
function joinFlags(value: bigint, flags: readonly { bits: bigint; flag: string }[]): string | undefined {
  const found: string[] = []
  let rest = value
  for (const { bits, flag } of flags.toSorted((a, b) => (a.bits < b.bits ? 1 : -1))) {
    if (bits <= 0n || (rest & bits) !== bits) continue
    found.unshift(flag)
    rest &= ~bits
  }
  return rest === 0n && found.length > 0 ? found.join('|') : undefined
}
