import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Trace } from '../decode/load-trace.js'
import { chromeJson } from '../export/chrome-json.js'
import { csvTables } from '../export/csv.js'
import { UsageError } from '../fct-error.js'
import { exitStatus } from './exit-status.js'
import { readTraceInput, type TraceInputOptions } from './trace-input.js'
import { toLines, writeText } from './write-text.js'

export const exportFormats = ['chrome', 'csv'] as const

export interface TraceExportOptions extends TraceInputOptions {
  readonly format: (typeof exportFormats)[number]
  /** A file for `chrome`, a folder for `csv`. */
  readonly output?: string
}

/** Writes a trace for another program. */
export async function traceExportCommand(path: string, options: TraceExportOptions): Promise<number> {
  const { format, output } = options
  if (format === 'csv' && output === undefined) {
    throw new UsageError('FCT_EXPORT_OUTPUT', 'csv is a file per event type: it needs --output FOLDER')
  }
  const trace = await readTraceInput(path, options)
  if (format === 'csv' && output !== undefined) await writeTables(trace, output)
  else await writeText(chromeJson(trace), output)
  return exitStatus.pass
}

/** A .csv per event type, and schema.json with the types of their columns. */
async function writeTables(trace: Trace, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const tables = csvTables(trace)
  for (const table of tables) await writeText(toLines(table.lines()), join(folder, `${table.name}.csv`))
  const described = tables.map(({ name, event, rows, columns }) => ({
    file: `${name}.csv`,
    event,
    rows,
    columns,
  }))
  await writeFile(
    join(folder, 'schema.json'),
    JSON.stringify({ schema: 1, tables: described }, null, 2) + '\n',
  )
}
