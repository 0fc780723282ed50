/** A line of a kernel console. */
export interface ConsoleLine {
  readonly number: number
  /** Seconds since boot; null if the kernel did not stamp the line, or it is not the kernel's. */
  readonly stamp: number | null
  /** What follows the stamp (and the caller's id, CONFIG_PRINTK_CALLER). */
  readonly message: string
  readonly raw: string
}

const stamped = /\[ *(\d+\.\d{6})\](?:\[ *[TC]\d+\])? ?(.*)$/

/** @param text As read from the serial line: carriage returns and an unfinished last line are fine. */
export function readConsoleLines(text: string): ConsoleLine[] {
  return text.split(/\r*\n/).map((raw, number) => {
    const [, stamp, message] = stamped.exec(raw) ?? []
    if (stamp === undefined) return { number, stamp: null, message: raw.replace(/^<\d>/, ''), raw }
    return { number, stamp: Number(stamp), message: message ?? '', raw }
  })
}

/**
 * The lines that the kernel printed. Where it stamps its lines, a line without a stamp is some program's, and
 * what it says of bugs is not the kernel's word.
 */
export function kernelLines(lines: readonly ConsoleLine[]): readonly ConsoleLine[] {
  const own = lines.filter(({ stamp }) => stamp !== null)
  return own.length > 0 ? own : lines
}
