import { Argument, type Command } from 'commander'
import { readCatalogue } from '../../vms/kernels/catalogue.js'
import { completionModel } from '../help/completion-model.js'
import { completionScript, shells, type Shell } from '../help/completion-scripts.js'
import { withExamples } from '../help/examples.js'
import { listScenarios } from '../scenario/scenario.js'
import { exitStatus } from './exit-status.js'

/** `fctorture completion`: what makes a shell complete our commands. */
export function addCompletionCommand(program: Command, finish: (status: number) => void): void {
  const command = program
    .command('completion')
    .description('print what makes a shell complete commands, options, scenarios and kernels')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .action((shell: Shell) => {
      const names = { kernel: [...readCatalogue().keys(), 'host'], scenario: listScenarios() }
      process.stdout.write(completionScript(shell, completionModel(program, names)))
      finish(exitStatus.pass)
    })
  withExamples(command, [
    ['fctorture completion bash', 'source <(fctorture completion bash), in ~/.bashrc'],
    ['fctorture completion zsh', 'in a folder of $fpath, as _fctorture'],
    ['fctorture completion fish', 'in ~/.config/fish/completions/fctorture.fish'],
  ])
}
