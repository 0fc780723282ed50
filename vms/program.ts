import { execa, ExecaError, type Options } from 'execa'
import { FctError } from '../harness/fct-error.js'

export interface ProgramFailure {
  readonly code: `FCT_${string}`
  /** What was being done, to stand before ": gcc failed (exit 1)". */
  readonly doing: string
}

const linesShown = 25

/**
 * Runs a program to its end; stdout is returned. A failure carries the last lines of what it printed; when the signal
 * ends it, its reason is thrown.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  failure: ProgramFailure,
  options: Options & { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { signal, ...rest } = options
  const cancel = signal === undefined ? {} : { cancelSignal: signal }
  try {
    const { stdout } = await execa(file, args, { stdin: 'ignore', all: true, ...cancel, ...rest })
    return typeof stdout === 'string' ? stdout : ''
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    signal?.throwIfAborted()
    const failed = error as ExecaError
    throw new FctError(failure.code, `${failure.doing}: ${describe(file, failed)}`, lastLines(failed), {
      cause: error,
    })
  }
}

/** All that a program of `runProgram` printed before it failed. */
export function outputOf({ cause }: FctError): string {
  return cause instanceof ExecaError && typeof cause.all === 'string' ? cause.all : ''
}

function describe(file: string, error: ExecaError): string {
  if (error.code === 'ENOENT') return `${file} is not installed (npx fctorture setup installs it)`
  if (error.timedOut) return `${file} did not end in time`
  if (error.signal !== undefined) return `${file} was ended by ${error.signal}`
  return `${file} failed (exit ${String(error.exitCode)})`
}

function lastLines(error: ExecaError): string {
  const output = typeof error.all === 'string' ? error.all : ''
  return output.split('\n').slice(-linesShown).join('\n').trim()
}
