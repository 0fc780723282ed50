import { InvalidArgumentError, type Command } from 'commander'
import { historyFile } from '../folders.js'
import { historyCommand, type HistoryOptions } from './history.js'
import { withExamples } from '../help/examples.js'

/** `fctorture history`: what every night found. */
export function addHistoryCommand(program: Command, finish: (status: number) => void): void {
  const command = program
    .command('history')
    .description('what the nights found: a line for each, and when each finding was seen first and last')
    .option(
      '--signature <text>',
      'each run with this finding; a part of the signature will do if no other has it',
    )
    .option('--nights <number>', 'how many nights, the newest', parseCount, 20)
    .option('--export <file>', 'write all nights that have ended to a file, as lines of JSON; - for stdout')
    .option('--import <file>', 'add the nights of such a file')
    .option('--json', 'one document on stdout')
    .option('--store <file>', 'the history', historyFile())
    .action(async (options: HistoryOptions) => {
      finish(await historyCommand(options))
    })
  withExamples(command, [
    ['fctorture history', 'the last 20 nights, and every signature found'],
    ['fctorture history --signature free-at-zero', 'each run that found it'],
    ['fctorture history --export nights.jsonl', 'to be imported elsewhere'],
  ])
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
