import { Option, type Command } from 'commander'
import { exportFormats, traceExportCommand, type TraceExportOptions } from './trace-export.js'
import { addTraceInput, type TraceInputOptions } from './trace-input.js'
import { traceReportCommand } from './trace-report.js'
import { traceStatsCommand, type TraceStatsOptions } from './trace-stats.js'
import { withExamples } from '../help/examples.js'

/** `fctorture trace ...`: a trace.dat, trace-cmd's own too, for people and for other programs. */
export function addTraceCommand(program: Command, finish: (status: number) => void): void {
  const trace = program.command('trace').description('traces: as text, counted, for other programs')
  const add = (name: string, description: string): Command =>
    addTraceInput(trace.command(name).description(description))
  const report = add('report', 'as text, like trace-cmd report')
  report.action(async (file: string, options: TraceInputOptions) => {
    finish(await traceReportCommand(file, options))
  })
  const stats = add('stats', 'events per type and CPU, and losses')
  stats
    .option('--json', 'one document on stdout')
    .action(async (file: string, options: TraceStatsOptions) => {
      finish(await traceStatsCommand(file, options))
    })
  const format = new Option(
    '--format <name>',
    "chrome: JSON that Perfetto's UI opens; csv: a file per event type",
  )
  const forOthers = add('export', 'for other programs')
  forOthers
    .addOption(format.choices(exportFormats).default('chrome'))
    .option('--output <path>', 'a file for chrome (otherwise stdout), a folder for csv')
    .action(async (file: string, options: TraceExportOptions) => {
      finish(await traceExportCommand(file, options))
    })
  withExamples(report, [['fctorture trace report trace.dat', "also a run folder, and trace-cmd's own files"]])
  withExamples(stats, [['fctorture trace stats trace.dat --json', 'one document']])
  withExamples(forOthers, [
    ['fctorture trace export trace.dat --output trace.json', "to be opened in Perfetto's UI"],
    ['fctorture trace export trace.dat --format csv --output tables', 'a table per event type'],
  ])
}
