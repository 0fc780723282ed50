import { InvalidArgumentError, type Command } from 'commander'
import { historyFile } from '../folders.js'
import { historyCommand, type HistoryOptions } from './history.js'

/** `fctorture history`: what every night found. */
export function addHistoryCommand(program: Command, finish: (status: number) => void): void {
  program
    .command('history')
    .description('what every night found')
    .option('--signature <text>', 'each run that found it; a part will do that only one has')
    .option('--nights <number>', 'the last so many', parseCount, 20)
    .option('--export <file>', 'write all nights that have ended as lines of JSON; - for stdout')
    .option('--import <file>', 'add what another history exported')
    .option('--json', 'one document on stdout')
    .option('--store <file>', 'the history', historyFile())
    .action(async (options: HistoryOptions) => {
      finish(await historyCommand(options))
    })
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
