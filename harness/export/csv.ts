import type { FieldPlan } from '../../addon/index.js'
import type { Trace } from '../decode/load-trace.js'
import { commFinder } from './comms.js'
import { fieldReaders } from './fields.js'
import { unitOf } from '../decode/clock.js'

/** A column of a table, with a type by Arrow's and Parquet's name. */
export interface CsvColumn {
  readonly name: string
  readonly type: 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'int8' | 'int16' | 'int32' | 'int64' | 'string'
  /** What it counts, or how text is to be read. */
  readonly unit?: 'ns' | 'ticks' | 'pointer' | 'hex'
  /** Value -> name, and whether a value may have several. */
  readonly names?: Readonly<Record<string, string>>
  readonly isFlags?: boolean
}

/** All events of one type. */
export interface CsvTable {
  /** `system.name`: fit for a file's name. */
  readonly name: string
  readonly event: string
  readonly rows: number
  readonly columns: readonly CsvColumn[]
  /** The head line, then a line per event, by time. */
  lines(): Generator<string>
}

/**
 * A table per event type that occurs: `ts,cpu,pid,comm` and its fields. Values are the raw ones, so that a column has one type;
 * pointers are text, 0x and hexadecimal.
 */
export function csvTables(trace: Trace): CsvTable[] {
  const rowsOf = rowsByType(trace)
  return trace.types.flatMap(({ system, name }, type) => {
    const rows = rowsOf[type] ?? new Uint32Array()
    if (rows.length === 0) return []
    const columns = columnsOf(trace, type)
    return {
      name: [system, name]
        .filter((part) => part !== '')
        .join('.')
        .replaceAll(/[^\w.-]/g, '_'),
      event: system === '' ? name : `${system}:${name}`,
      rows: rows.length,
      columns,
      lines: () => tableLines(trace, type, rows, columns),
    }
  })
}

/** The rows of each type: two walks over one column. */
function rowsByType({ types, rows: { count, type } }: Trace): Uint32Array[] {
  const counts = new Uint32Array(types.length)
  for (let row = 0; row < count; row++) counts[type[row] ?? 0] = (counts[type[row] ?? 0] ?? 0) + 1
  const found = Array.from(counts, (length) => new Uint32Array(length))
  const filled = new Uint32Array(types.length)
  for (let row = 0; row < count; row++) {
    const of = type[row] ?? 0
    const at = filled[of] ?? 0
    found[of]?.fill(row, at, at + 1)
    filled[of] = at + 1
  }
  return found
}

function columnsOf(trace: Trace, type: number): CsvColumn[] {
  const { fields = [], symbols = {}, flagFields = [] } = trace.types[type] ?? {}
  return [
    { name: 'ts', type: 'uint64', unit: unitOf(trace) },
    { name: 'cpu', type: 'uint16' },
    { name: 'pid', type: 'int32' },
    { name: 'comm', type: 'string' },
    ...fields.map((plan) => ({
      name: plan.name,
      ...typeOf(plan),
      ...(symbols[plan.name] && { names: symbols[plan.name], isFlags: flagFields.includes(plan.name) }),
    })),
  ]
}

function typeOf({ kind }: FieldPlan): Pick<CsvColumn, 'type' | 'unit'> {
  if (kind === 'pointer' || kind === 'hex') return { type: 'string', unit: kind }
  if (kind === 'string') return { type: 'string' }
  return { type: kind.startsWith('u') ? `uint${bits(kind)}` : `int${bits(kind)}` } as Pick<CsvColumn, 'type'>
}

function bits(kind: FieldPlan['kind']): string {
  return kind.slice(1)
}

function* tableLines(
  trace: Trace,
  type: number,
  rows: Uint32Array,
  columns: readonly CsvColumn[],
): Generator<string> {
  const { ts, cpu, pid, index } = trace.rows
  const comm = commFinder(trace)
  const fields = fieldReaders(trace, type)
  yield columns.map(({ name }) => quote(name)).join()
  for (const row of rows) {
    const values = fields.map((field) => {
      const raw = field.value(index[row] ?? 0)
      return field.plan.kind === 'pointer' ? `0x${raw.toString(16)}` : quote(String(raw))
    })
    const task = pid[row] ?? 0
    yield [ts[row] ?? 0n, cpu[row] ?? 0, task, quote(comm(task)), ...values].join()
  }
}

/** RFC 4180. */
function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
