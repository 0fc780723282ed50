import type { Command } from 'commander'
import { historyFile, runsFolder } from '../folders.js'
import { reportCommand, type ReportOptions } from './report.js'

/** `fctorture report`: what happened, as pages. */
export function addReportCommand(program: Command, finish: (status: number) => void): void {
  program
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
}
