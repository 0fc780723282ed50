import type { Command } from 'commander'

/** A command line as it is typed, and what it is for. */
export type Example = readonly [line: string, purpose: string]

const known = new WeakMap<Command, readonly Example[]>()

/** Gives a command its examples: its help ends with them, and the manual has them too. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  known.set(command, examples)
  const lines = examples.map(([line, purpose]) => `  ${line}\n      ${purpose}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

export function examplesOf(command: Command): readonly Example[] {
  return known.get(command) ?? []
}
