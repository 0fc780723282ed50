import { InvalidArgumentError, type Command } from 'commander'
import { runsFolder } from '../folders.js'
import { parseSeedRange, type SeedRange } from '../replay/seed-range.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { parseJobs, parseSeconds } from './parse-numbers.js'
import { searchCommand, type SearchOptions } from './search.js'

type SearchArguments = KernelOptions & Omit<SearchOptions, 'scenario' | 'kernel' | 'mirrors'>

/** `fctorture search`: many seeds from one saved guest. */
export function addSearchCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  addKernelOptions(
    program
      .command('search')
      .description('try many seeds of a scenario on deterministic guests, until one finds something')
      .argument('<scenario>', 'a scenario of the catalogue (RESCHED01), or the path of a YAML file'),
  )
    .requiredOption('--seeds <range>', 'from the first to the last: 1..500', parseSeeds)
    .option('--jobs <guests>', 'guests at a time, instead of one for each CPU', parseJobs)
    .option('--all', 'try all, and count what they find')
    .option('--time <seconds>', 'seconds of load, instead of what the scenario says', parseSeconds)
    .option('--busted [how]', "positive control: load the module with a deliberate bug ('extra_put')")
    .option('--json', 'one document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (scenario: string, options: SearchArguments) => {
      const kernel = kernelRequestOf(options)
      finish(await searchCommand({ ...options, scenario, kernel, mirrors: mirrorsOf(options) }, signal))
    })
}

function parseSeeds(text: string): SeedRange {
  const range = parseSeedRange(text)
  if (range !== undefined) return range
  throw new InvalidArgumentError('It must be like 1..500.')
}
