import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { packageRoot } from '../folders.js'
import { withExamples } from '../help/examples.js'
import { manualPage, type ManualText } from '../help/manual.js'
import { exitStatus } from './exit-status.js'

const text: Omit<ManualText, 'version' | 'date'> = {
  exits: [
    [
      '0',
      'PASS: nothing found, nothing missing, and the dangerous windows were open. For doctor: all that is needed is there.',
    ],
    [
      '1',
      'FAIL: a rule of the oracle was broken, or the kernel complained or died. For doctor: a need is not met.',
    ],
    ['125', 'No verdict: INCONCLUSIVE or ERROR. git bisect run skips such a commit.'],
    ['128', 'fctorture itself failed.'],
    ['129', 'The command line cannot be understood.'],
  ],
  environment: [
    ['XDG_CACHE_HOME', 'What can be made again is kept in fctorture there; ~/.cache if not set.'],
    ['XDG_DATA_HOME', 'What runs found is kept in fctorture there; ~/.local/share if not set.'],
    ['XDG_CONFIG_HOME', 'Where fctorture/targets.yaml is looked for; ~/.config if not set.'],
    ['NO_COLOR', 'No colours, if it is set.'],
    ['TMPDIR', 'Where files are that do not outlive the command; /tmp if not set.'],
  ],
  files: [
    ['~/.cache/fctorture', 'Kernels, images and saved guests. "fctorture kernel gc" bounds it.'],
    ['~/.local/share/fctorture/runs', 'A folder for each run.'],
    ['~/.local/share/fctorture/history.sqlite', 'What every night found.'],
    ['~/.config/fctorture/targets.yaml', 'Machines that are reached over ssh.'],
  ],
}

/** `fctorture manual`: the manual page of all commands. */
export function addManualCommand(program: Command, finish: (status: number) => void): void {
  const command = program
    .command('manual')
    .description('print the manual page: fctorture manual | man -l -')
    .action(() => {
      const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
        version: string
      }
      process.stdout.write(manualPage(program, { ...text, version, date: changedOn() }))
      finish(exitStatus.pass)
    })
  withExamples(command, [
    ['fctorture manual', 'fctorture manual > /usr/local/share/man/man1/fctorture.1 installs it'],
  ])
}

/** The newest date that the list of changes names. */
function changedOn(): string {
  const changes = readFileSync(join(packageRoot, 'CHANGELOG.md'), 'utf8')
  return /\d{4}-\d{2}-\d{2}/.exec(changes)?.[0] ?? ''
}
