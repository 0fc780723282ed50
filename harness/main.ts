import { CommanderError } from 'commander'
import pc from 'picocolors'
import { createProgram } from './cli.js'
import { exitStatus } from './commands/exit-status.js'
import { FctError, UsageError, messageOf } from './fct-error.js'
import { printable } from './report/figures.js'
import { Interrupted } from './target/drive.js'

/** Says what went wrong on stderr and gives the exit status that goes with it. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.pass : exitStatus.usage
  if (error instanceof FctError) {
    const detail = error.detail === '' ? '' : `${error.detail}\n`
    // Guests, patches and other machines have words in it.
    process.stderr.write(`${pc.red(error.code)}: ${printable(`${error.message}\n${detail}`)}`)
    return error instanceof UsageError ? exitStatus.usage : exitStatus.failed
  }
  process.stderr.write(
    `${pc.red('FCT_INTERNAL')}: ${messageOf(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`,
  )
  return exitStatus.failed
}

/**
 * A first signal asks everything to come to its end; with a second one the process ends as it is. The listeners stay: a
 * library that finds none but its own takes the signal for the end of the process.
 */
function signalOfUser(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitStatus.failed)
      controller.abort(new Interrupted('FCT_INTERRUPTED', `stopped by ${name}`))
    })
  }
  return controller.signal
}

/** Who reads what we print may have seen enough (`| head`): that changes nothing of what was done. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

let status: number = exitStatus.failed
try {
  const program = createProgram((ended) => (status = ended), signalOfUser())
  await program.parseAsync()
} catch (error) {
  status = explain(error)
}
process.exitCode = status
