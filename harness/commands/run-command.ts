import { Option, type Command } from 'commander'
import { runsFolder } from '../folders.js'
import { ruleSet } from '../oracle/rule-set.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { addMachineOptions, machineRequestOf, type MachineOptions } from './machine-options.js'
import { parseSeconds, parseSeed } from './parse-numbers.js'
import { addStrategyOptions, pctOf, type StrategyOptions } from './strategy-options.js'
import { runCommand, type RunOptions } from './run.js'
import { withExamples } from '../help/examples.js'

type RunArguments = KernelOptions &
  MachineOptions &
  StrategyOptions &
  Omit<RunOptions, 'scenario' | 'kernel' | 'mirrors' | 'machine' | 'pct'>

/** `fctorture run`: one scenario, one kernel, one seed. */
export function addRunCommand(program: Command, finish: (status: number) => void, signal: AbortSignal): void {
  const command = program
    .command('run')
    .description('torture one kernel with one scenario and judge what happened')
    .argument('<scenario>', 'a scenario of the catalogue (CLOSE01), or the path of a YAML file')
  const run = addStrategyOptions(addMachineOptions(addKernelOptions(command)))
  run
    .option('--time <seconds>', 'seconds of load, instead of what the scenario says', parseSeconds)
    .option('--seed <number>', 'seed of all random choices; drawn and printed if not given', parseSeed)
    .option(
      '--busted [how]',
      "positive control: load the module with a deliberate bug ('extra_put'); must end FAIL",
    )
    .option('--clients-only', 'without stressors and injected delays: the module only observes')
    .addOption(untilFinding())
    .option(
      '--dump',
      "keep the guest's memory as a vmcore, also if it lives; else only that of the first guest that dies of something",
    )
    .option('--deterministic', 'on one CPU that counts instructions, so that the seed decides everything')
    .option('--json', 'print the result document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (scenario: string, options: RunArguments, command: Command) => {
      const kernel = kernelRequestOf(options)
      const machine = machineRequestOf(options, command)
      const { mirrors, pct } = { mirrors: mirrorsOf(options), pct: pctOf(options) }
      finish(await runCommand({ scenario, ...options, kernel, machine, mirrors, pct }, signal))
    })
  withExamples(run, [
    [
      'fctorture run CLOSE01 --time 60 --seed 42',
      'a stock kernel, 60 seconds of load, the same random choices every time',
    ],
    [
      'fctorture run CLOSE01 --busted',
      'is a bug found at all? the module misbehaves on purpose; must end FAIL',
    ],
    [
      'fctorture run CLOSE01 --patch 0001-nfsd-fix.patch --profile kasan',
      'a patched kernel that checks each memory access',
    ],
    ['fctorture run CLOSE01 --kernel tree:~/linux@nfsd-next', 'a revision of your own git tree'],
    ['fctorture run CLOSE01 --target ssh://root@host', 'a machine of yours instead of a guest'],
  ])
}

function untilFinding(): Option {
  const text = 'end the load at the first finding over events, or at the first of one of these rules'
  const rules = ruleSet.filter(({ flavours }) => flavours !== 'any').map(({ id }) => id)
  return new Option('--until-finding [rule...]', text).choices(rules)
}
