import { InvalidArgumentError, type Command } from 'commander'
import { runsFolder } from '../folders.js'
import { addMirrorOptions, mirrorsOf } from './kernel-options.js'
import { addMachineOptions, machineRequestOf, type MachineOptions } from './machine-options.js'
import { reproCommand, type ReproOptions } from './repro.js'
import { withExamples } from '../help/examples.js'

type ReproArguments = Parameters<typeof mirrorsOf>[0] &
  MachineOptions &
  Omit<ReproOptions, 'mirrors' | 'machine'>

/** `fctorture repro`: does it show here, or there, too? */
export function addReproCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('repro')
    .description('repeat a run until its finding shows again, and compare how often with where it was found')
    .argument('<run>', 'folder of a run that found something')
    .option('--signature <text>', 'the finding that is meant, or a part of it; the first if not given')
    .option('--kernel <kernel>', 'a kernel other than the one that it was found on')
    .option('--hits <number>', 'end when it has shown so often', parseCount, 1)
    .option('--most <number>', 'end after so many runs in any case', parseCount, 60)
    .option('--json', 'one document on stdout')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
  addMachineOptions(addMirrorOptions(command)).action(async (run: string, options: ReproArguments) => {
    const machine = machineRequestOf(options, command)
    finish(await reproCommand(run, { ...options, machine, mirrors: mirrorsOf(options) }, signal))
  })
  withExamples(command, [
    ['fctorture repro runs/20261126T140027Z-CLOSE01-42', 'here, until the finding has shown once'],
    [
      'fctorture repro runs/20261126T140027Z-CLOSE01-42 --target ssh://root@host --hits 5',
      'on other hardware, five times',
    ],
  ])
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
