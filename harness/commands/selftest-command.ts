import type { Command } from 'commander'
import { runsFolder } from '../folders.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { parseJobs, parseSeconds, parseSeed } from './parse-numbers.js'
import { selftestCommand, type SelftestOptions } from './selftest.js'
import { withExamples } from '../help/examples.js'

type SelftestArguments = KernelOptions & Omit<SelftestOptions, 'kernel' | 'mirrors'>

/** `fctorture selftest`: are known defects found? */
export function addSelftestCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const selftest = addKernelOptions(
    program
      .command('selftest')
      .description('put known defects into a kernel, one after the other, and see whether they are found'),
  )
  selftest
    .option('--only <id...>', 'these defects; all if not given', [])
    .option('--time <seconds>', 'seconds of load for each defect, at most', parseSeconds, 60)
    .option(
      '--alone <seconds>',
      'each regression once more under the load of clients alone, for so long, and how much rarer it is found then',
      parseSeconds,
    )
    .option('--seed <number>', 'seed of all random choices; drawn if not given', parseSeed)
    .option(
      '--jobs <guests>',
      'guests at a time; as many as this host has CPUs and memory for, if not given',
      parseJobs,
    )
    .option('--json', 'print the result document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (options: SelftestArguments) => {
      const kernel = kernelRequestOf(options)
      finish(await selftestCommand({ ...options, kernel, mirrors: mirrorsOf(options) }, signal))
    })
  withExamples(selftest, [
    ['fctorture selftest', 'all defects, as many guests at a time as this host can carry'],
    ['fctorture selftest --only mark-leak --time 120', 'one defect, 120 seconds of load at most'],
  ])
}
