/** What went wrong, for a person (message, advice) and for a program (a stable code). */
export class FctError extends Error {
  override readonly name = 'FctError'

  /**
   * @param code `FCT_<STAGE>_<REASON>`; stable over releases.
   * @param message One sentence: what was wanted and what stood in the way.
   * @param detail Lines to show beneath: what to do, or the last output of the program that failed.
   */
  constructor(
    readonly code: `FCT_${string}`,
    message: string,
    readonly detail = '',
    options: ErrorOptions = {},
  ) {
    super(message, options)
  }
}

/** A command line, scenario or kernel name that cannot be meant: exit status 129. */
export class UsageError extends FctError {}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
