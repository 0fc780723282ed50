import { Command } from 'commander'
import { addBisectCommand } from './commands/bisect-command.js'
import { addCheckCommand } from './commands/check-command.js'
import { addCompletionCommand } from './commands/completion-command.js'
import { addKernelCommand } from './commands/kernel-command.js'
import { addDeployCommand } from './commands/deploy-command.js'
import { addDoctorCommand } from './commands/doctor-command.js'
import { addHistoryCommand } from './commands/history-command.js'
import { addManualCommand } from './commands/manual-command.js'
import { addNightlyCommand } from './commands/nightly-command.js'
import { addMinimiseCommand } from './commands/minimise-command.js'
import { addReproCommand } from './commands/repro-command.js'
import { addPrepareCommand } from './commands/prepare-command.js'
import { addReplayCommand } from './commands/replay-command.js'
import { addRunCommand } from './commands/run-command.js'
import { addSearchCommand } from './commands/search-command.js'
import { addSelftestCommand } from './commands/selftest-command.js'
import { addReportCommand } from './commands/report-command.js'
import { addSetupCommand } from './commands/setup-command.js'
import { addServeCommand } from './commands/serve-command.js'
import { addSlurmCellCommand } from './commands/slurm-cell-command.js'
import { addTraceCommand } from './commands/trace-command.js'
import { addWatchCommand } from './commands/watch-command.js'
import { withExamples } from './help/examples.js'

const description = `Tortures the NFS server's open-file cache (fs/nfsd/filecache.c) and says what it found.

Exit status: 0 PASS, 1 FAIL, 125 no verdict (INCONCLUSIVE or ERROR), 128 fctorture itself failed, 129 usage.`

/**
 * All commands, with their options.
 *
 * @param finish Is told the exit status of the command that ran.
 */
export function createProgram(finish: (status: number) => void, signal: AbortSignal): Command {
  const program = new Command('fctorture').description(description).exitOverride().showHelpAfterError()
  program.commandsGroup('Torture:')
  addRunCommand(program, finish, signal)
  addSearchCommand(program, finish, signal)
  addNightlyCommand(program, finish, signal)
  addSlurmCellCommand(program, finish, signal)
  addSelftestCommand(program, finish, signal)
  program.commandsGroup('Look at what was found:')
  addReportCommand(program, finish)
  addHistoryCommand(program, finish)
  addServeCommand(program, finish, signal)
  addWatchCommand(program, finish, signal)
  addCheckCommand(program, finish)
  addTraceCommand(program, finish)
  program.commandsGroup('Follow a finding:')
  addReplayCommand(program, finish, signal)
  addReproCommand(program, finish, signal)
  addMinimiseCommand(program, finish, signal)
  addBisectCommand(program, finish, signal)
  program.commandsGroup('Kernels and this machine:')
  addKernelCommand(program, finish, signal)
  addDeployCommand(program, finish, signal)
  addPrepareCommand(program, finish, signal)
  addDoctorCommand(program, finish, signal)
  addSetupCommand(program, finish)
  addManualCommand(program, finish)
  addCompletionCommand(program, finish)
  program.helpCommand(true)
  return withExamples(program, [
    ['fctorture doctor', 'is all there that runs need?'],
    ['fctorture run CLOSE01 --time 30', 'torture the stock kernel of Debian 12 for 30 seconds of load'],
    ['fctorture report', 'the report of the newest run'],
  ])
}
