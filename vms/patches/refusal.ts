import { FctError } from '../../harness/fct-error.js'
import { describeOrigin, type Origin } from './patch.js'

/** Lines of evidence in the detail of an error; the rest is counted. */
const linesShown = 40

/** A patch that is not taken: what it is, where it comes from, and the lines that show why. */
export function refuse(
  code: `FCT_PATCH_${string}`,
  origin: Origin,
  reason: string,
  lines: readonly string[] = [],
): FctError {
  const more = lines.length - linesShown
  const shown = more > 0 ? [...lines.slice(0, linesShown), `... and ${more} lines more`] : lines
  return new FctError(code, `${describeOrigin(origin)}: ${reason}`, shown.map(readable).join('\n'))
}

/** A binary string as a person reads it: UTF-8 where it is that, and no control characters for the terminal to act on. */
export function readable(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const decoded = bytes.toString('latin1') === text ? bytes.toString('utf8') : text
  // eslint-disable-next-line no-control-regex -- they are what is to be taken out
  return decoded.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
}
