import { PassThrough, type Readable } from 'node:stream'
import { execa } from 'execa'
import { FctError } from '../../fct-error.js'
import type { Hooks } from './targets-file.js'

type Command = readonly string[]

/** A step that may bring a machine back that does not answer. */
export interface Revival {
  /** For people: "the reset hook". */
  readonly name: string
  readonly commands: readonly Command[]
}

const limitMs = 60_000

/** The least that may help first. */
export function revivalsOf({ reset, power }: Hooks): Revival[] {
  const revivals: Revival[] = []
  if (reset !== undefined) revivals.push({ name: 'the reset hook', commands: [reset] })
  if (power?.cycle !== undefined) revivals.push({ name: 'the power hook', commands: [power.cycle] })
  else if (power?.off !== undefined && power.on !== undefined)
    revivals.push({ name: 'the power hook', commands: [power.off, power.on] })
  return revivals
}

/**
 * Runs a hook to its end, whatever the user does meanwhile: power that was cut comes back. Its arguments are never shown: one
 * may be a password.
 *
 * @throws FctError FCT_HOOK_FAILED with what it printed last
 */
export async function runHook({ name, commands }: Revival): Promise<void> {
  for (const [program = '', ...args] of commands) {
    const { failed, code, exitCode, timedOut, all } = await execa(program, args, {
      ...{ reject: false, stdin: 'ignore', all: true, timeout: limitMs, maxBuffer: 1 << 20 },
      // A user's Ctrl-C at the terminal goes to all of its processes.
      detached: true,
    })
    if (!failed) continue
    const why = timedOut
      ? `did not end within ${limitMs / 1000} s`
      : (code ?? `ended with status ${exitCode ?? 'none'}`)
    throw new FctError('FCT_HOOK_FAILED', `${name} (${program}) failed: ${why}`, lastOf(all))
  }
}

function lastOf(output: string): string {
  return output.split('\n').slice(-20).join('\n')
}

/** What a console hook prints from now on. */
export interface HookedConsole {
  readonly stream: Readable
  /** Resolves when it ends by itself: a console that nobody reads any more is no witness. */
  readonly failed: Promise<FctError>
  end(): void
}

/** Starts a console hook, a program and its arguments. Never throws: that it cannot be started is `failed`, too. */
export function openConsoleHook([program = '', ...args]: Command): HookedConsole {
  const stream = new PassThrough()
  const over = new AbortController()
  const reader = execa(program, args, {
    ...{ reject: false, buffer: false, stdin: 'ignore', stderr: 'pipe' },
    ...{ cancelSignal: over.signal, forceKillAfterDelay: 2_000 },
  })
  let words = ''
  reader.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)))
  reader.stdout.pipe(stream)
  const failed = new Promise<FctError>((resolve) => {
    void reader.then(({ code, exitCode }) => {
      if (over.signal.aborted) return
      const why = code ?? `status ${exitCode ?? 'none'}`
      const message = `the console hook (${program}) has ended: ${why}`
      resolve(new FctError('FCT_HOOK_CONSOLE', message, words.trim()))
    })
  })
  return {
    stream,
    failed,
    end: () => {
      over.abort()
      stream.end()
    },
  }
}
