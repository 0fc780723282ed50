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
