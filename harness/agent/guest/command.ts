import { execa, ExecaError } from 'execa'
import { FctError } from '../../fct-error.js'

const limitMs = 60_000

/** Runs a program of the target to its end; its stdout. @throws FctError with `code` and the last lines it printed */
export async function command(code: `FCT_${string}`, file: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await execa(file, args, { all: true, stdin: 'ignore', timeout: limitMs })
    return stdout
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    const { shortMessage, all } = error as ExecaError<{ all: true }>
    const output = typeof all === 'string' ? all : ''
    throw new FctError(code, shortMessage, output.split('\n').slice(-20).join('\n'), { cause: error })
  }
}
