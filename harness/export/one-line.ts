import { printable } from '../report/figures.js'

/** Text of the traced kernel, which may hold anything, as a part of a line. */
export function oneLine(text: string): string {
  return printable(text).trimEnd().replaceAll('\n', '\\n')
}
