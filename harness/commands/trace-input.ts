import type { Command } from 'commander'
import type { Trace } from '../decode/load-trace.js'
import type { TraceSource } from '../decode/trace-source.js'
import { FctError, UsageError, messageOf } from '../fct-error.js'
import { openSource, openTrace } from '../store/run-trace.js'

export interface TraceInputOptions {
  /** A tracing instance's name; '' is the top one. */
  readonly buffer?: string
}

/** Of every command that reads a trace. */
export function addTraceInput(command: Command): Command {
  return command
    .argument('<file>', 'a trace.dat (version 6 or 7), or a run folder, also of a run that was killed')
    .option('--buffer <name>', "the tracing instance, if several have events; '' is the top one")
}

/**
 * The trace that a command was given: a trace.dat or a run folder.
 *
 * @throws UsageError FCT_TRACE_UNREADABLE if there is no such file; FctError FCT_DECODE_... with the offset, if it is no sound trace
 */
export async function readTraceInput(path: string, { buffer }: TraceInputOptions): Promise<Trace> {
  return withPath(path, () => openTrace(path, { buffer }))
}

/** The same, to be read batch by batch. */
export async function openTraceInput(path: string, { buffer }: TraceInputOptions): Promise<TraceSource> {
  const source = await withPath(path, () => openSource(path, { buffer }))
  return {
    head: source.head,
    async *read() {
      const slices = source.read()[Symbol.asyncIterator]()
      for (;;) {
        const next = await withPath(path, () => slices.next())
        if (next.done === true) return
        yield next.value
      }
    },
  }
}

/** Says of which file an error tells. */
async function withPath<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FctError) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    if (isDecodeCode(code)) throw new FctError(code, `${path}: ${messageOf(error)}`, '', { cause: error })
    throw asUnreadable('FCT_TRACE_UNREADABLE', path, error)
  }
}

/** What the user named and the file system does not give; anything else as it is. */
export function asUnreadable(code: `FCT_${string}`, path: string, error: unknown): unknown {
  const { code: reason = '' } = error as NodeJS.ErrnoException
  if (!/^E[A-Z]+$/.test(reason)) return error
  return new UsageError(code, `cannot read ${path}: ${messageOf(error)}`, '', { cause: error })
}

function isDecodeCode(code: string): code is `FCT_DECODE_${string}` {
  return code.startsWith('FCT_DECODE_')
}
