import { InvalidArgumentError, type Command } from 'commander'
import { runsFolder } from '../folders.js'
import { parseSeedRange, type SeedRange } from '../replay/seed-range.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { parseJobs, parseSeconds } from './parse-numbers.js'
import { searchCommand, type SearchOptions } from './search.js'
import { addStrategyOptions, pctOf, type StrategyOptions } from './strategy-options.js'
import { withExamples } from '../help/examples.js'

type SearchArguments = KernelOptions &
  StrategyOptions &
  Omit<SearchOptions, 'scenario' | 'kernel' | 'mirrors' | 'pct'>

/** `fctorture search`: many seeds from one saved guest. */
export function addSearchCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const search = addKernelOptions(
    program
      .command('search')
      .description('try many seeds of a scenario on deterministic guests, until one finds something')
      .argument('<scenario>', 'a scenario of the catalogue (RESCHED01), or the path of a YAML file'),
  )
  addStrategyOptions(search)
    .requiredOption('--seeds <range>', 'from the first to the last: 1..500', parseSeeds)
    .option('--all', 'go on behind the first that finds something, and count them')
    .option('--jobs <guests>', 'guests at a time, instead of what fits this host', parseJobs)
    .option('--time <seconds>', 'seconds of load, instead of what the scenario says', parseSeconds)
    .option('--busted [how]', "positive control: load the module with a deliberate bug ('extra_put')")
    .option('--json', 'one document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (scenario: string, options: SearchArguments) => {
      const kernel = kernelRequestOf(options)
      const { mirrors, pct } = { mirrors: mirrorsOf(options), pct: pctOf(options) }
      finish(await searchCommand({ ...options, scenario, kernel, mirrors, pct }, signal))
    })
  withExamples(search, [
    ['fctorture search RESCHED01 --seeds 1..500', 'until one seed is a FAIL'],
    ['fctorture search RESCHED01 --seeds 1..500 --all', 'how many of 500 are'],
    [
      'fctorture search RESCHED01 --seeds 1..500 --strategy pct --depth 3',
      'random priorities that change twice a round, and how likely a bug of that depth is to show',
    ],
  ])
}

function parseSeeds(text: string): SeedRange {
  const range = parseSeedRange(text)
  if (range !== undefined) return range
  throw new InvalidArgumentError('It must be like 1..500.')
}
