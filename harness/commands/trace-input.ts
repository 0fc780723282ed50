import type { Trace } from '../decode/load-trace.js'
import { FctError, UsageError, messageOf } from '../fct-error.js'
import { openTrace } from '../store/run-trace.js'

export interface TraceInputOptions {
  /** A tracing instance's name; '' is the top one. */
  readonly buffer?: string
}

/**
 * The trace that a command was given: a trace.dat or a run folder.
 *
 * @throws UsageError FCT_TRACE_UNREADABLE if there is no such file; FctError FCT_DECODE_... with the offset, if it is no sound trace
 */
export async function readTraceInput(path: string, { buffer }: TraceInputOptions): Promise<Trace> {
  try {
    return await openTrace(path, { buffer })
  } catch (error) {
    if (error instanceof FctError) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    if (isDecodeCode(code)) throw new FctError(code, `${path}: ${messageOf(error)}`, '', { cause: error })
    if (!/^E[A-Z]+$/.test(code)) throw error
    throw new UsageError('FCT_TRACE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, '', {
      cause: error,
    })
  }
}

function isDecodeCode(code: string): code is `FCT_DECODE_${string}` {
  return code.startsWith('FCT_DECODE_')
}
