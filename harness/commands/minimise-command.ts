import { InvalidArgumentError, Option, type Command } from 'commander'
import { addMirrorOptions, mirrorsOf } from './kernel-options.js'
import { minimiseCommand, type MinimiseOptions } from './minimise.js'
import { parseDuration } from './parse-duration.js'
import { parseJobs } from './parse-numbers.js'
import { withExamples } from '../help/examples.js'

type MinimiseArguments = Parameters<typeof mirrorsOf>[0] & Omit<MinimiseOptions, 'mirrors'>

/** `fctorture minimise`: the smallest scenario that shows it as often. */
export function addMinimiseCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('minimise')
    .description(
      "find the smallest scenario that still shows a run's finding as often, and write a shell script that does it",
    )
    .argument('<run>', 'folder of a run that found something')
    .option('--signature <text>', 'the finding that is meant, or a part of it; the first if not given')
    .option(
      '--rate <number>',
      'the failure rate it must keep; if not given, as far as it is sure of the original',
      parseRate,
    )
    .addOption(
      new Option('--budget <time>', 'for all runs together: 90s, 20m, 8h; it goes on with the same command')
        .argParser(parseDuration)
        .default(3600, '1h'),
    )
    .option('--output <folder>', 'where it works; `minimise` in the folder of the run if not given')
    .option('--jobs <guests>', 'guests at a time, instead of what fits this host', parseJobs)
    .option('--json', 'one document on stdout')
  addMirrorOptions(command).action(async (run: string, options: MinimiseArguments) => {
    finish(await minimiseCommand(run, { ...options, mirrors: mirrorsOf(options) }, signal))
  })
  withExamples(command, [
    [
      'fctorture minimise runs/20261126T140027Z-CLOSE01-42 --budget 2h',
      'leaves minimal.yaml and reproducer.sh in its folder minimise/',
    ],
  ])
}

function parseRate(text: string): number {
  const rate = Number(text)
  if (rate > 0 && rate < 1) return rate
  throw new InvalidArgumentError('It must be between 0 and 1: 0.5 is one run in two.')
}
