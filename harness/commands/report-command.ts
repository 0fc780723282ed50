import type { Command } from 'commander'
import { historyFile, runsFolder } from '../folders.js'
import { reportCommand, type ReportOptions } from './report.js'
import { withExamples } from '../help/examples.js'

/** `fctorture report`: what happened, as pages. */
export function addReportCommand(program: Command, finish: (status: number) => void): void {
  const command = program
    .command('report')
    .description(
      'write the report of a run as one HTML file, or the whole history as a site: neither needs a server or a network',
    )
    .argument('[run]', 'a run folder; the newest run if not given')
    .option('--output <file>', 'instead of report.html in the run folder')
    .option('--site <folder>', 'write all nights of the history, as a static site, into this folder')
    .option('--history <file>', 'the history', historyFile())
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (run: string | undefined, options: ReportOptions) => {
      finish(await reportCommand(run, options))
    })
  withExamples(command, [
    ['fctorture report', 'the newest run; prints the path of its report.html'],
    ['fctorture report --site public/', 'all nights, as pages for any web server'],
  ])
}
