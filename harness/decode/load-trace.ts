import { readTrace, type Trace } from '../../addon/index.js'

export type { Trace }

/**
 * Decodes a trace.dat (version 6 or 7) into columns, off the event loop.
 *
 * @throws Error with code `FCT_DECODE_<REASON>` and `offset`, the byte in the file where it went wrong.
 */
export function loadTrace(path: string): Promise<Trace> {
  return readTrace(path)
}
