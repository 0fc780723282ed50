import type { Command } from 'commander'
import { withExamples } from '../help/examples.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { prepareCommand } from './prepare.js'

/** `fctorture prepare`: all that a run needs, before there is one. */
export function addPrepareCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('prepare')
    .description('download and build all that runs with a kernel need, so that the first run need not')
  addKernelOptions(command).action(async (options: KernelOptions) => {
    finish(await prepareCommand(kernelRequestOf(options), mirrorsOf(options), signal))
  })
  withExamples(command, [['fctorture prepare --kernel debian:6.12', 'minutes the first time, then nothing']])
}
