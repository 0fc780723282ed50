import { InvalidArgumentError, type Command } from 'commander'
import { historyFile } from '../folders.js'
import { serveCommand, type ServeOptions } from './serve.js'
import { withExamples } from '../help/examples.js'

/** `fctorture serve`: the site, and what goes on. */
export function addServeCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('serve')
    .description(
      'show the history and the campaign that goes on, for browsers of this machine; nothing can be changed there',
    )
    .option('--port <number>', 'port of 127.0.0.1; 0: any free one', parsePort, 0)
    .option('--history <file>', 'the history', historyFile())
    .action(async (options: ServeOptions) => {
      finish(await serveCommand(options, signal))
    })
  withExamples(command, [['fctorture serve --port 8080', 'http://127.0.0.1:8080, until Ctrl-C']])
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.')
  return port
}
