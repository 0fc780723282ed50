import type { Command, Option } from 'commander'

/** What can stand where a value is wanted. */
export interface Values {
  readonly words: readonly string[]
  /** Whether it may be the path of a file or a folder. */
  readonly files: boolean
}

export interface CompletionOption {
  /** `--long`, and `-s` if there is one. */
  readonly flags: readonly string[]
  readonly says: string
  /** Null: it takes none. */
  readonly values: Values | null
}

/** A command as a shell must know it. */
export interface CompletionCommand {
  /** "kernel list"; '' for the program itself. */
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly says: string }[]
  readonly options: readonly CompletionOption[]
  /** Of its arguments. */
  readonly values: Values
}

/** Names that stand for the words of their own, by the placeholder in `<kernel>`. */
export type KnownNames = Readonly<Record<string, readonly string[]>>

const placeholder = /[<[]([a-z]+)(?:\.\.\.)?[>\]]/
const isPath = /^(file|folder|path|run|plan|trace|patch|dir|tree|script)$/

/** All commands that a user is shown, the program first. */
export function completionModel(program: Command, names: KnownNames): CompletionCommand[] {
  return commandsOf(program, '', names)
}

function commandsOf(command: Command, path: string, names: KnownNames): CompletionCommand[] {
  const help = command.createHelp()
  const shown = help.visibleCommands(command)
  const own: CompletionCommand = {
    path,
    subcommands: shown.map((sub) => ({ name: sub.name(), says: firstClause(sub.description()) })),
    options: help.visibleOptions(command).map((option) => optionOf(option, names)),
    values: merge(
      command.registeredArguments.map((argument) => valuesOf(argument.name(), argument.argChoices, names)),
    ),
  }
  return [
    own,
    ...shown
      .filter((sub) => sub.name() !== 'help')
      .flatMap((sub) => commandsOf(sub, `${path} ${sub.name()}`.trim(), names)),
  ]
}

function optionOf(
  { flags, long, short, description, argChoices }: Option,
  names: KnownNames,
): CompletionOption {
  const word = placeholder.exec(flags)?.[1]
  return {
    flags: [long, short].filter((flag) => flag !== undefined),
    says: firstClause(description),
    values: word === undefined ? null : valuesOf(word, argChoices, names),
  }
}

function valuesOf(word: string, choices: readonly string[] | undefined, names: KnownNames): Values {
  const known = choices ?? names[word] ?? []
  // A scenario of one's own is a file, and so is a kernel's image.
  return { words: known, files: choices === undefined && (isPath.test(word) || word in names) }
}

function merge(all: readonly Values[]): Values {
  return { words: all.flatMap(({ words }) => words), files: all.some(({ files }) => files) }
}

/** Up to where an explanation begins: a completion has one line. */
function firstClause(text: string): string {
  return text.split(/[;:(]|, /)[0]?.trim() ?? ''
}
