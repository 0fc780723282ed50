import type { Command } from 'commander'
import { createProgram } from '../../../harness/cli.js'

/** The commands as users have them. */
export function program(): Command {
  return createProgram(() => undefined, new AbortController().signal)
}

/** A command and all beneath it that a user is shown. */
export function withSubcommands(command: Command): Command[] {
  const shown = command.commands.filter((sub) => command.createHelp().visibleCommands(command).includes(sub))
  return [command, ...shown.flatMap(withSubcommands)]
}

/** "kernel list"; '' for the program itself. */
export function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim()
}

/** The program with all its parsing, whose commands say that they were called instead of doing anything. */
export function recordingProgram(): { readonly root: Command; readonly called: string[] } {
  const root = program()
  const called: string[] = []
  for (const command of withSubcommands(root)) {
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    if (command.commands.length === 0 || command.name() === 'bisect')
      command.action(() => {
        called.push(pathOf(command))
      })
  }
  return { root, called }
}
