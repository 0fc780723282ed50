import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { addBisectCommand } from './commands/bisect-command.js'
import { exitStatus } from './commands/exit-status.js'
import { addCheckCommand } from './commands/check-command.js'
import { addKernelCommand } from './commands/kernel-command.js'
import {
  addKernelOptions,
  kernelRequestOf,
  mirrorsOf,
  type KernelOptions,
} from './commands/kernel-options.js'
import { addDeployCommand } from './commands/deploy-command.js'
import { addHistoryCommand } from './commands/history-command.js'
import { addNightlyCommand } from './commands/nightly-command.js'
import { addMinimiseCommand } from './commands/minimise-command.js'
import { addReproCommand } from './commands/repro-command.js'
import { prepareCommand } from './commands/prepare.js'
import { addReplayCommand } from './commands/replay-command.js'
import { addRunCommand } from './commands/run-command.js'
import { addSearchCommand } from './commands/search-command.js'
import { addSelftestCommand } from './commands/selftest-command.js'
import { addReportCommand } from './commands/report-command.js'
import { addServeCommand } from './commands/serve-command.js'
import { addSlurmCellCommand } from './commands/slurm-cell-command.js'
import { addTraceCommand } from './commands/trace-command.js'
import { FctError, UsageError, messageOf } from './fct-error.js'
import { Interrupted } from './target/drive.js'

const description = `Tortures the NFS server's open-file cache (fs/nfsd/filecache.c) and says what it found.

Exit status: 0 PASS, 1 FAIL, 125 no verdict (INCONCLUSIVE or ERROR), 128 fctorture itself failed, 129 usage.`

function createProgram(finish: (status: number) => void, signal: AbortSignal): Command {
  const program = new Command('fctorture').description(description).exitOverride().showHelpAfterError()
  addRunCommand(program, finish, signal)
  addSelftestCommand(program, finish, signal)
  addKernelOptions(
    program.command('prepare').description('download and build all that runs with a kernel need'),
  ).action(async (options: KernelOptions) => {
    finish(await prepareCommand(kernelRequestOf(options), mirrorsOf(options), signal))
  })
  addKernelCommand(program, finish, signal)
  addNightlyCommand(program, finish, signal)
  addSlurmCellCommand(program, finish, signal)
  addHistoryCommand(program, finish)
  addSearchCommand(program, finish, signal)
  addReplayCommand(program, finish, signal)
  addMinimiseCommand(program, finish, signal)
  addReproCommand(program, finish, signal)
  addDeployCommand(program, finish, signal)
  addCheckCommand(program, finish)
  addReportCommand(program, finish)
  addServeCommand(program, finish, signal)
  addTraceCommand(program, finish)
  addBisectCommand(program, finish, signal)
  return program
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
