import type { Command } from 'commander'
import { withExamples } from '../help/examples.js'
import { doctorCommand, type DoctorOptions } from './doctor.js'

/** `fctorture doctor`: is all there that runs need? */
export function addDoctorCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('doctor')
    .description(
      'check what this machine must have, and say how to mend it; exit status 1 if a need is not met',
    )
    .option('--probe', 'boot a guest to see whether KVM works; builds what that takes')
    .option('--json', 'one document on stdout')
    .action(async (options: DoctorOptions) => {
      finish(await doctorCommand(options, signal))
    })
  withExamples(command, [
    ['fctorture doctor', 'changes nothing and boots nothing'],
    ['fctorture doctor --json', 'for programs'],
  ])
}
