/** `ok`; `note`: something less works, and nothing that every run needs; `unmet`: runs will fail. */
export type Status = 'ok' | 'note' | 'unmet'

/** What one look came to. */
export interface Finding {
  readonly status: Status
  /** What is there, or what is missing and what for. */
  readonly says: string
  /** The command that mends it, as it is typed; null if there is nothing to mend, or no command for it. */
  readonly mend: string | null
}

/** Something that fctorture needs of the host. It looks and changes nothing. */
export interface Check {
  readonly code: `FCT_DOCTOR_${string}`
  /** For the left column. */
  readonly title: string
  /** One finding at least. Must end when the signal says so. */
  readonly look: (signal: AbortSignal) => Finding[] | Promise<Finding[]>
}

export function ok(says: string): Finding {
  return { status: 'ok', says, mend: null }
}

export function note(says: string, mend: string | null = null): Finding {
  return { status: 'note', says, mend }
}

export function unmet(says: string, mend: string | null = null): Finding {
  return { status: 'unmet', says, mend }
}

/** A command that root has to run. */
export function asRoot(command: string): string {
  return process.getuid?.() === 0 ? command : `sudo ${command}`
}
