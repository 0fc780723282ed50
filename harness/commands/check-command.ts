import { Option, type Command } from 'commander'
import { flavours } from '../oracle/flavours/probe.js'
import { checkCommand, type CheckOptions } from './check.js'
import { addTraceInput } from './trace-input.js'
import { withExamples } from '../help/examples.js'

/** `fctorture check`: judges any recording. */
export function addCheckCommand(program: Command, finish: (status: number) => void): void {
  const ids = flavours.map(({ id }) => id)
  const command = program
    .command('check')
    .description(
      "judge a recording: a run's, or one of `trace-cmd record -e 'nfsd:nfsd_file_*'` on any server, by the rules that it allows",
    )
  addTraceInput(command)
    .addOption(
      new Option('--flavour <name>', "the kernel's file cache; auto: by the trace's own formats")
        .choices(['auto', ...ids])
        .default('auto'),
    )
    .option('--console <file>', "what the kernel printed meanwhile; a run folder's own if not given")
    .option(
      '--explain <object>',
      'print the life of an object instead: 0xffff888004100100, #2 behind it for the second life at that address, or the number of a finding',
    )
    .option('--json', 'one document on stdout')
    .action(async (file: string, options: CheckOptions) => {
      finish(await checkCommand(file, options))
    })
  withExamples(command, [
    [
      'fctorture check trace.dat --console dmesg.txt',
      "what trace-cmd record -C counter -e 'nfsd:nfsd_file_*' brought from a server",
    ],
    [
      'fctorture check runs/20261126T140027Z-CLOSE01-42 --explain 1',
      'the life of the object that the first finding of a run is about',
    ],
  ])
}
