import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import { exitStatus } from './commands/exit-status.js'
import { addCheckCommand } from './commands/check-command.js'
import { addKernelCommand } from './commands/kernel-command.js'
import {
  addKernelOptions,
  kernelRequestOf,
  mirrorsOf,
  type KernelOptions,
} from './commands/kernel-options.js'
import { addHistoryCommand } from './commands/history-command.js'
import { addNightlyCommand } from './commands/nightly-command.js'
import { prepareCommand } from './commands/prepare.js'
import { runCommand, type RunOptions } from './commands/run.js'
import { selftestCommand, type SelftestOptions } from './commands/selftest.js'
import { addSlurmCellCommand } from './commands/slurm-cell-command.js'
import { addTraceCommand } from './commands/trace-command.js'
import { FctError, UsageError, messageOf } from './fct-error.js'
import { runsFolder } from './folders.js'
import { ruleSet } from './oracle/rule-set.js'
import { Interrupted } from './target/drive.js'

const description = `Tortures the NFS server's open-file cache (fs/nfsd/filecache.c) and says what it found.

Exit status: 0 PASS, 1 FAIL, 125 no verdict (INCONCLUSIVE or ERROR), 128 fctorture itself failed, 129 usage.`

type RunArguments = KernelOptions & Omit<RunOptions, 'scenario' | 'kernel' | 'mirrors'>
type SelftestArguments = KernelOptions & Omit<SelftestOptions, 'kernel' | 'mirrors'>

function createProgram(finish: (status: number) => void, signal: AbortSignal): Command {
  const program = new Command('fctorture').description(description).exitOverride().showHelpAfterError()
  addKernelOptions(
    program
      .command('run')
      .description('torture one kernel with one scenario and judge what happened')
      .argument('<scenario>', 'a scenario of the catalogue (CLOSE01), or the path of a YAML file'),
  )
    .option('--time <seconds>', 'seconds of load, instead of what the scenario says', parseSeconds)
    .option('--seed <number>', 'seed of all random choices; drawn and printed if not given', parseSeed)
    .option(
      '--busted [how]',
      "positive control: load the module with a deliberate bug ('extra_put'); must end FAIL",
    )
    .option('--clients-only', 'without stressors and injected delays: the module only observes')
    .addOption(untilFinding())
    .option('--json', 'print the result document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (scenario: string, options: RunArguments) => {
      const kernel = kernelRequestOf(options)
      finish(await runCommand({ scenario, ...options, kernel, mirrors: mirrorsOf(options) }, signal))
    })
  addKernelOptions(
    program
      .command('selftest')
      .description('put known defects into a kernel, one after the other, and see whether they are found'),
  )
    .option('--only <id...>', 'these defects; all if not given', [])
    .option('--time <seconds>', 'seconds of load at most, for each defect', parseSeconds, 60)
    .option(
      '--alone <seconds>',
      'each regression once more under the load of clients alone, for so long, and how much rarer it is found then',
      parseSeconds,
    )
    .option('--seed <number>', 'seed of all random choices; drawn if not given', parseSeed)
    .option('--json', 'print the result document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (options: SelftestArguments) => {
      const kernel = kernelRequestOf(options)
      finish(await selftestCommand({ ...options, kernel, mirrors: mirrorsOf(options) }, signal))
    })
  addKernelOptions(
    program.command('prepare').description('download and build all that runs with a kernel need'),
  ).action(async (options: KernelOptions) => {
    finish(await prepareCommand(kernelRequestOf(options), mirrorsOf(options), signal))
  })
  addKernelCommand(program, finish, signal)
  addNightlyCommand(program, finish, signal)
  addSlurmCellCommand(program, finish, signal)
  addHistoryCommand(program, finish)
  addCheckCommand(program, finish)
  addTraceCommand(program, finish)
  return program
}

function untilFinding(): Option {
  const text = 'end the load at the first finding over events, or at the first of one of these rules'
  const rules = ruleSet.filter(({ flavours }) => flavours !== 'any').map(({ id }) => id)
  return new Option('--until-finding [rule...]', text).choices(rules)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new InvalidArgumentError('It must be a number of seconds from 1 to 86400.')
  return seconds
}

function parseSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`)
  }
  return seed
}

/** Says what went wrong on stderr and gives the exit status that goes with it. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.pass : exitStatus.usage
  if (error instanceof FctError) {
    process.stderr.write(
      `${pc.red(error.code)}: ${error.message}\n${error.detail === '' ? '' : `${error.detail}\n`}`,
    )
    return error instanceof UsageError ? exitStatus.usage : exitStatus.failed
  }
  process.stderr.write(
    `${pc.red('FCT_INTERNAL')}: ${messageOf(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`,
  )
  return exitStatus.failed
}

/**
 * A first signal asks everything to come to its end; with a second one the process ends as it is. The listeners stay: a
 * library that finds none but its own takes the signal for the end of the process.
 */
function signalOfUser(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitStatus.failed)
      controller.abort(new Interrupted('FCT_INTERRUPTED', `stopped by ${name}`))
    })
  }
  return controller.signal
}

let status: number = exitStatus.failed
try {
  const program = createProgram((ended) => (status = ended), signalOfUser())
  await program.parseAsync()
} catch (error) {
  status = explain(error)
}
process.exitCode = status
