/** Archives turn tabs and runs of blanks into one blank, or into none at a line's start; some leave no-break spaces (UTF-8). */
const whiteSpace = /(?:[ \t\r\f\v]|\xc2\xa0)+/g

/** The line without any white space: what is left to compare by when that has been lost. */
export function squeeze(line: string): string {
  return line.replace(whiteSpace, '')
}

/** The line with each run of white space as one blank and none at its ends: what an archive leaves of it. */
export function collapse(line: string): string {
  return line.replace(whiteSpace, ' ').replace(/^ | $/g, '')
}

export function isBlank(line: string): boolean {
  return squeeze(line) === ''
}
