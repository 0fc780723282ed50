import { reportLines } from '../export/report-lines.js'
import { exitStatus } from './exit-status.js'
import { readTraceInput, type TraceInputOptions } from './trace-input.js'
import { toLines, writeText } from './write-text.js'

/** Prints a trace as text. */
export async function traceReportCommand(path: string, options: TraceInputOptions): Promise<number> {
  await writeText(toLines(reportLines(await readTraceInput(path, options))))
  return exitStatus.pass
}
