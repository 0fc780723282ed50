import type { Command } from 'commander'
import { runsFolder } from '../folders.js'
import { reportCommand, type ReportOptions } from './report.js'

/** `fctorture report`: what happened, as pages. */
export function addReportCommand(program: Command, finish: (status: number) => void): void {
  program
    .command('report')
    .description('write the report of a run as one HTML file that needs no server and no network')
    .argument('[run]', 'a run folder; the newest run if not given')
    .option('--output <file>', 'instead of report.html in the run folder')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (run: string | undefined, options: ReportOptions) => {
      finish(await reportCommand(run, options))
    })
}
