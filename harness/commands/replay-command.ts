import type { Command } from 'commander'
import { runsFolder } from '../folders.js'
import { replayCommand, type ReplayOptions } from './replay.js'
import { withExamples } from '../help/examples.js'

/** `fctorture replay`: a run again. */
export function addReplayCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('replay')
    .description('run a run again: the very same if it was deterministic, else one with the same command')
    .argument('<run>', 'the folder of the run')
    .option('--record', "keep QEMU's recording of it in the folder of the run")
    .option('--gdb [script]', 'open gdb at the finding, on the recording; or work through commands of gdb')
    .option('--json', 'one document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .action(async (run: string, options: Omit<ReplayOptions, 'mirrors'>) => {
      finish(await replayCommand(run, { ...options, mirrors: undefined }, signal))
    })
  withExamples(command, [
    ['fctorture replay runs/20261126T140027Z-RESCHED01-7', 'says whether it came out the same'],
  ])
}
