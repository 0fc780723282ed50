import type { Command } from 'commander'
import { examplesOf } from './examples.js'

/** What the commands do not say of themselves. */
export interface ManualText {
  readonly version: string
  /** Of the newest change, YYYY-MM-DD. */
  readonly date: string
  readonly environment: readonly (readonly [name: string, says: string])[]
  readonly files: readonly (readonly [path: string, says: string])[]
  readonly exits: readonly (readonly [status: string, says: string])[]
}

/** The manual page of all commands, as source for man(7). */
export function manualPage(program: Command, text: ManualText): string {
  const { version, date, environment, files, exits } = text
  const [summary = ''] = program.description().split('\n\n')
  const lines = [
    `.TH FCTORTURE 1 "${date}" ${word(`fctorture ${version}`)} "User Commands"`,
    ...['.SH NAME', String.raw`fctorture \- ${escape(lowerFirst(summary.replace(/\.$/, '')))}`],
    ...['.SH SYNOPSIS', '.B fctorture', '.I command', '[options]'],
    ...['.SH DESCRIPTION', escape(summary)],
    ...['.SH COMMANDS', ...commandsOf(program).flatMap(commandSection)],
    ...['.SH EXIT STATUS', ...entries(exits)],
    ...['.SH ENVIRONMENT', ...entries(environment)],
    ...['.SH FILES', ...entries(files)],
    ...['.SH EXAMPLES', ...examplesOf(program).flatMap(example)],
    ...['.SH SEE ALSO', '.BR trace-cmd (1),', '.BR git-bisect (1),', '.BR nfsd (7)'],
  ]
  return `${lines.join('\n')}\n`
}

function commandsOf(command: Command): Command[] {
  const shown = command.createHelp().visibleCommands(command)
  return shown.filter((sub) => sub.name() !== 'help').flatMap((sub) => [sub, ...commandsOf(sub)])
}

function commandSection(command: Command): string[] {
  const help = command.createHelp()
  const options = help
    .visibleOptions(command)
    .map((option) => [option.flags, help.optionDescription(option)] as const)
  const given = command.registeredArguments
    .filter(({ description }) => description !== '')
    .map((argument) => [argument.name(), help.argumentDescription(argument)] as const)
  const examples = examplesOf(command)
  return [
    `.SS ${word(help.commandUsage(command))}`,
    escape(command.description()),
    ...entries([...given, ...options]),
    ...(examples.length > 0 ? ['.P', 'Examples:', ...examples.flatMap(example)] : []),
  ]
}

function entries(all: readonly (readonly [string, string])[]): string[] {
  return all.flatMap(([name, says]) => ['.TP', `.B ${word(name)}`, escape(says)])
}

function example([line, purpose]: readonly [string, string]): string[] {
  return ['.TP', `.B ${word(line)}`, escape(purpose)]
}

/** One argument of a request. */
function word(text: string): string {
  return `"${escape(text).replaceAll('"', '""')}"`
}

/** Text that roff takes for nothing but text. */
function escape(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^(?=[.'])/, String.raw`\&`)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
