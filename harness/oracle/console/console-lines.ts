import { stripVTControlCharacters } from 'node:util'

/** A line of a kernel console. */
export interface ConsoleLine {
  readonly number: number
  /** Seconds since boot; null if the line bears none. */
  readonly stamp: number | null
  /** CONFIG_PRINTK_CALLER: T and a process id, or C and a CPU; '' without it. */
  readonly caller: string
  /** What follows the stamp, the caller and what journald or dmesg put before it. */
  readonly message: string
  readonly raw: string
  /** The line bears a mark that only the kernel's lines have. */
  readonly isMarked: boolean
  /** The console ends in the middle of this line. */
  readonly isCut: boolean
}

/** @param text As read from the serial line: carriage returns and an unfinished last line are fine. */
export function readConsoleLines(text: string): ConsoleLine[] {
  const raws = text.split(/\r*\n/)
  return raws.map((raw, number) => ({
    number,
    raw,
    isCut: number === raws.length - 1 && raw !== '',
    ...readPrefix(clean(raw)),
  }))
}

/**
 * The lines that the kernel printed. Where it marks its lines, a line without a mark is some program's, and
 * what it says of bugs is not the kernel's word.
 */
export function kernelLines(lines: readonly ConsoleLine[]): readonly ConsoleLine[] {
  const own = lines.filter(({ isMarked }) => isMarked)
  return own.length > 0 ? own : lines
}

const notText = /(?!\t)[\p{Cc}\uFFFD]/gu

/** Without colours and what a serial line garbles. */
function clean(raw: string): string {
  return raw.search(notText) < 0 ? raw : stripVTControlCharacters(raw).replace(notText, '')
}

/**
 * kernel/printk/printk.c: info_print_prefix(). What stands before it is a program's unfinished line, or
 * journald's; behind a quotation mark it is not the kernel that speaks.
 */
const stamped = /(?<!["'])\[ *(\d+\.\d{6})\](?:\[ *([TC]\d+)\])? ?/
/** The same with printk.time=0. */
const calledOnly = /^(?:<\d+>)?\[ *([TC]\d+)\] /
/** journalctl -k, rsyslog: the kernel's lines are those of "kernel:". */
const journal = /^(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S+) \S+ kernel: /
/** journalctl -o short-monotonic has a stamp, too, and the machine's name behind it. */
const behindStamp = /^\S+ kernel: /
/** dmesg -T and dmesg --time-format iso. */
const wallClock =
  /^(?:\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}\] |\d{4}-\d\d-\d\dT[\d:]{8},\d{6}[+-]\d\d:\d\d )/

function readPrefix(line: string): Pick<ConsoleLine, 'stamp' | 'caller' | 'message' | 'isMarked'> {
  const stamp = stamped.exec(line)
  if (stamp) {
    const message = line.slice(stamp.index + stamp[0].length).replace(behindStamp, '')
    return { stamp: Number(stamp[1]), caller: stamp[2] ?? '', message, isMarked: true }
  }
  const [mark, caller = ''] = calledOnly.exec(line) ?? journal.exec(line) ?? wallClock.exec(line) ?? []
  if (mark !== undefined) return { stamp: null, caller, message: line.slice(mark.length), isMarked: true }
  return { stamp: null, caller, message: line.replace(/^<\d+>/, ''), isMarked: false }
}
