/** A command as a Markdown file prints it behind `$ `, and what it says beneath. */
export interface PrintedCommand {
  /** Of the `$`, from 1. */
  readonly line: number
  readonly command: string
  readonly output: readonly string[]
  /** What `echo $?` behind it prints; 0 without. */
  readonly exit: number
}

/** The commands of all ```console blocks, in their order. A line that ends with a backslash goes on in the next. */
export function printedCommands(markdown: string): PrintedCommand[] {
  const found: PrintedCommand[] = []
  const lines = markdown.split('\n')
  let isConsole = false
  for (const [index, text] of lines.entries()) {
    const last = found.at(-1)
    if (text.startsWith('```')) isConsole = text === '```console'
    else if (!isConsole) continue
    else if (text.startsWith('$ '))
      found.push({ line: index + 1, command: text.slice(2), output: [], exit: 0 })
    else if (last === undefined) throw new Error(`line ${index + 1}: output without a command`)
    else if (last.command.endsWith('\\') && last.output.length === 0)
      found[found.length - 1] = { ...last, command: `${last.command.slice(0, -1).trimEnd()} ${text.trim()}` }
    else found[found.length - 1] = { ...last, output: [...last.output, text] }
  }
  return withExits(found)
}

function withExits(all: readonly PrintedCommand[]): PrintedCommand[] {
  const isExit = ({ command }: PrintedCommand): boolean => command === 'echo $?'
  return all.flatMap((one, index) => {
    const next = all[index + 1]
    if (isExit(one)) return []
    return [next && isExit(next) ? { ...one, exit: Number(next.output.join('')) } : one]
  })
}

/**
 * The first printed line that is not said; undefined if all are, in their order. Numbers, bars and white space may differ. A line
 * `...` stands for any lines, and at the end of a line it stands for the rest.
 */
export function firstUnsaid(printed: readonly string[], said: readonly string[]): string | undefined {
  const heard = said.map(withoutNumbers)
  let at = 0
  let isFree = false
  for (const line of printed) {
    if (line.trim() === '...') {
      isFree = true
      continue
    }
    const found = heard.findIndex((one, index) => index >= at && agrees(line, one))
    if (found < 0 || (found > at && !isFree)) return line
    at = found + 1
    isFree = false
  }
  return isFree || at === heard.length ? undefined : `nothing, where it says: ${said[at] ?? ''}`
}

function agrees(line: string, heard: string): boolean {
  const wanted = withoutNumbers(line)
  return wanted.endsWith('...') ? heard.startsWith(wanted.slice(0, -3)) : heard === wanted
}

function withoutNumbers(line: string): string {
  const blank = line.trim().replaceAll(/\s+/g, ' ')
  return blank.replaceAll(/[\u2580-\u259f]+/g, '|').replaceAll(/0x[\da-f]+|\d[\d.,]*(?:e[+-]?\d+)?/gi, '#')
}
