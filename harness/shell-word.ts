/** A word of a command, for a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A comment of a script: one line, whatever stands in it. */
export function shellComment(text: string): string {
  return `# ${text.replaceAll('\n', ' ')}`
}
