import type { Command } from 'commander'
import { historyFile } from '../folders.js'
import { withExamples } from '../help/examples.js'
import { watchCommand, type WatchOptions } from './watch.js'

/** `fctorture watch`: the campaign that goes on, in another terminal. */
export function addWatchCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('watch')
    .description('follow the campaign that goes on: progress, what each guest does, findings as they come')
    .option('--store <file>', 'the history', historyFile())
    .action(async (options: WatchOptions) => {
      finish(await watchCommand(options, signal))
    })
  withExamples(command, [['fctorture watch', 'until it ends, or Ctrl-C; the campaign goes on either way']])
}
